using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Sessions;

/// <summary>Calls one of the user's hooks with the driver's object of a connection.</summary>
internal static class ConnectionHook
{
    /// <exception cref="InvalidOperationException">The hook has left something behind that it must not.</exception>
    public static T Run<T>(Func<SqliteConnection, T> hook, PhysicalConnection connection, string name)
    {
        T answer = UserCallback.Run(hook, connection.Driver);
        return Misuse(connection) is { } misuse
            ? throw new InvalidOperationException($"The {name} hook {misuse}")
            : answer;
    }

    private static string? Misuse(PhysicalConnection connection)
    {
        if (connection.IsClosedByCaller)
        {
            return "has closed the connection, which belongs to the pool: leave it open.";
        }

        if (connection.IsInTransaction)
        {
            connection.Transaction.Abort();
            return "has left a transaction open, which is rolled back: end it before returning.";
        }

        if (!NativeStatements.IsAnyBusy(connection.Handle))
        {
            return null;
        }

        if (connection.IsTheDatabase)
        {
            NativeStatements.DisposeBusy(connection.Handle);
        }

        return "has left a reader open: dispose it before returning.";
    }
}
