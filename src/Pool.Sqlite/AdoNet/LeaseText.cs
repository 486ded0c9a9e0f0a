using Pool.Sqlite.Execution;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <summary>Texts of the pool's own, such as COMMIT, run on a lease as its user's statements are.</summary>
internal static class LeaseText
{
    /// <summary>Runs it, waiting for what is in its way.</summary>
    public static void Run(SqlitePoolConnection connection, string sql, SqlitePoolTransaction? transaction = null)
    {
        StatementCursor cursor = Begin(connection, sql, transaction);
        try
        {
            cursor.Run(Operation.NonQuery);
        }
        finally
        {
            cursor.Recycle();
        }
    }

    /// <inheritdoc cref="Run"/>
    public static ValueTask RunAsync(
        SqlitePoolConnection connection,
        string sql,
        SqlitePoolTransaction? transaction,
        CancellationToken cancellationToken
    )
    {
        StatementCursor cursor = Begin(connection, sql, transaction);
        ValueTask run = cursor.RunAsync(Operation.NonQuery, cancellationToken);
        if (!run.IsCompletedSuccessfully)
        {
            return Awaited(cursor, run);
        }

        cursor.Recycle();
        return run;

        static async ValueTask Awaited(StatementCursor cursor, ValueTask run)
        {
            try
            {
                await run.ConfigureAwait(false);
            }
            finally
            {
                cursor.Recycle();
            }
        }
    }

    /// <summary>Commits, and leaves the wait for the disk to the caller, which lets go of the gate before.</summary>
    public static async ValueTask<CommitTicket> Commit(
        SqlitePoolConnection connection,
        bool async,
        SqlitePoolTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        StatementCursor cursor = Begin(connection, "COMMIT", transaction);
        cursor.LeavesSync = true;
        try
        {
            if (async)
            {
                await cursor.RunAsync(Operation.NonQuery, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                cursor.Run(Operation.NonQuery, CancellationToken.None);
            }

            return cursor.Commit;
        }
        finally
        {
            cursor.Recycle();
        }
    }

    private static StatementCursor Begin(
        SqlitePoolConnection connection,
        string sql,
        SqlitePoolTransaction? transaction
    ) => StatementCursor.For(connection, sql, null, connection.DefaultTimeout, transaction, isCommand: false);
}
