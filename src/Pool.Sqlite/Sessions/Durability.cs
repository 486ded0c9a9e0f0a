namespace Pool.Sqlite.Sessions;

/// <summary>Which connections leave the syncing of their commits to group commit.</summary>
internal static class Durability
{
    /// <summary>
    /// True where <c>synchronous=FULL</c> is asked for and the pool can give it: by syncing the WAL file itself, which
    /// SQLite then does not (<c>synchronous=NORMAL</c>).
    /// </summary>
    public static bool IsGrouped(SqlitePoolOptions options, DatabaseTarget target) =>
        options.GroupCommit && CanBeGrouped(options, target);

    /// <summary>True where commits are synced one by one, and need not be.</summary>
    public static bool LacksGroupCommit(SqlitePoolOptions options, DatabaseTarget target) =>
        !options.GroupCommit && CanBeGrouped(options, target);

    private static bool CanBeGrouped(SqlitePoolOptions options, DatabaseTarget target) =>
        options.Pragmas is { Synchronous: SynchronousMode.Full, JournalMode: JournalMode.Wal }
        && target is { Kind: DatabaseKind.File, IsReadOnly: false, HasOwnVfs: false }
        && !options.Pragmas.Additional.ContainsKey("synchronous")
        && !options.Pragmas.Additional.ContainsKey("locking_mode");
}
