using System.Data;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>What is to hold before a transaction, and what it begins with.</summary>
internal static class TransactionStart
{
    public static string Sql(bool deferred) => deferred ? "BEGIN" : "BEGIN IMMEDIATE";

    /// <exception cref="ArgumentException">SQLite has no such isolation level.</exception>
    /// <exception cref="InvalidOperationException">The lease cannot begin one.</exception>
    public static void Check(SqlitePoolConnection connection, IsolationLevel isolationLevel)
    {
        if (isolationLevel is IsolationLevel.Chaos or IsolationLevel.Snapshot)
        {
            throw new ArgumentException(
                $"SQLite has no isolation level {isolationLevel}. Leave it out: it is serializable."
            );
        }

        if (connection.Role == SqlitePoolConnectionRole.Reader)
        {
            throw new InvalidOperationException(
                "This is a reader lease, which is one read transaction already. Use RentAsync for transactions of your own."
            );
        }

        if (connection.IsForItem)
        {
            throw SharedTransaction.NoTransactionControl();
        }

        if (connection.CurrentTransaction is not null || IsInTransaction(connection))
        {
            throw new InvalidOperationException(
                "The connection is in a transaction already, and SQLite does not nest them. For a part of it that can be undone alone run the "
                    + "SQL \"savepoint x\", then \"release x\" or \"rollback to x\"."
            );
        }
    }

    public static SqlitePoolTransaction Begun(
        SqlitePoolConnection connection,
        IsolationLevel isolationLevel,
        bool deferred
    )
    {
        bool readsUncommitted = isolationLevel == IsolationLevel.ReadUncommitted && deferred && connection.SharesCache;
        if (readsUncommitted)
        {
            using ConnectionUse use = connection.BeginUse();
            connection.Physical.Step("PRAGMA read_uncommitted=1");
        }

        return connection.CurrentTransaction = new SqlitePoolTransaction(connection, readsUncommitted);
    }

    private static bool IsInTransaction(SqlitePoolConnection connection)
    {
        using ConnectionUse use = connection.BeginUse();
        return connection.Physical.IsInTransaction;
    }
}
