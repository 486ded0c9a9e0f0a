using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>
/// The database file was deleted, renamed or replaced while a connection had it open, so that what is written would be
/// lost. The statement was not run, or the transaction not committed; nothing of it is stored.
/// </summary>
/// <remarks>
/// The pool closes the connections that have the old file open, and the next rent opens what is at the path now: run
/// the whole unit of work again. To replace or delete the file of a pool without this, do it inside
/// <see cref="SqlitePool.RunExclusiveAsync(Func{CancellationToken, Task}, CancellationToken)"/>.
/// </remarks>
public sealed class SqliteDatabaseMovedException : SqliteException
{
    private const int DatabaseMoved = raw.SQLITE_READONLY | (4 << 8);

    internal SqliteDatabaseMovedException(string path)
        : base(
            $"The database file '{path}' was deleted, renamed or replaced while it was open, or its -wal was. Writing to the old "
                + "file would be lost, so nothing of this was stored. The next rent opens what is at that path now: run the whole unit "
                + "of work again. To replace or delete the file of a pool, do it inside RunExclusiveAsync.",
            raw.SQLITE_READONLY,
            DatabaseMoved
        )
    {
        Path = path;
    }

    /// <summary>The full path that the pool has opened.</summary>
    public string Path { get; }
}
