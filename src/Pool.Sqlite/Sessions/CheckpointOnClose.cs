using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Whether the last connection to close moves what the WAL holds into the file and deletes it. One that has not read
/// anything must not: where the <c>-shm</c> can then be opened for reading only (too many open files, a failing disk),
/// SQLite takes that its lock is refused for readers at work, moves nothing, and deletes the WAL with all that was
/// committed.
/// </summary>
internal static class CheckpointOnClose
{
    // sqlite3.h: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE.
    private const int Forbidden = 1006;

    /// <summary>Opens a connection that leaves the WAL alone until it is allowed to move it.</summary>
    public static void OpenWithout(SqliteConnection connection)
    {
        connection.Open();
        _ = raw.sqlite3_db_config(connection.Handle, Forbidden, 1, out _);
    }

    /// <summary>The connection has read from the file, so it has the <c>-shm</c>.</summary>
    public static void Allow(sqlite3 handle) => _ = raw.sqlite3_db_config(handle, Forbidden, 0, out _);
}
