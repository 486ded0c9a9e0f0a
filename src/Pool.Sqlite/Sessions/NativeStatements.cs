using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// The statements that a connection has prepared, the driver's and the pool's. SQLite's own (of a virtual table, a
/// blob) are not to be touched, and hide those after them.
/// </summary>
internal static class NativeStatements
{
    // sqlite3.h, from 3.51 on: SQLITE_CHECKPOINT_NOOP.
    private const int CheckpointNoOperation = -1;

    /// <summary>True while one of them is running, or where that is not certain.</summary>
    public static bool IsAnyBusy(sqlite3 handle)
    {
        try
        {
            for (
                sqlite3_stmt? s = raw.sqlite3_next_stmt(handle, null);
                s is not null;
                s = raw.sqlite3_next_stmt(handle, s)
            )
            {
                if (raw.sqlite3_stmt_busy(s) != 0)
                {
                    return true;
                }
            }

            return false;
        }
        catch (KeyNotFoundException)
        {
            // One of SQLite's own (FTS5, R-tree). This mode does nothing, but refuses while a statement of the
            // connection still reads; engines that do not know it refuse always.
            return raw.sqlite3_wal_checkpoint_v2(handle, "main", CheckpointNoOperation, out _, out _) != raw.SQLITE_OK;
        }
    }

    /// <summary>True while one of them is running that writes, as far as they can be reached.</summary>
    public static bool IsAnyWriting(sqlite3 handle)
    {
        try
        {
            for (
                sqlite3_stmt? s = raw.sqlite3_next_stmt(handle, null);
                s is not null;
                s = raw.sqlite3_next_stmt(handle, s)
            )
            {
                if (raw.sqlite3_stmt_busy(s) != 0 && raw.sqlite3_stmt_readonly(s) == 0)
                {
                    return true;
                }
            }
        }
        catch (KeyNotFoundException)
        {
            // One of SQLite's own.
        }

        return false;
    }

    /// <summary>Disposes those that are not running.</summary>
    public static void DisposeIdle(sqlite3 handle) => Dispose(handle, busy: false);

    /// <summary>Disposes those that are running, as far as they can be reached.</summary>
    public static void DisposeBusy(sqlite3 handle) => Dispose(handle, busy: true);

    private static void Dispose(sqlite3 handle, bool busy)
    {
        List<sqlite3_stmt> found = [];
        try
        {
            for (
                sqlite3_stmt? s = raw.sqlite3_next_stmt(handle, null);
                s is not null;
                s = raw.sqlite3_next_stmt(handle, s)
            )
            {
                if (raw.sqlite3_stmt_busy(s) != 0 == busy)
                {
                    found.Add(s);
                }
            }
        }
        catch (KeyNotFoundException)
        {
            // One of SQLite's own.
        }

        found.ForEach(static statement => statement.Dispose());
    }
}
