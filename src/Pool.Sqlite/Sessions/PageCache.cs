using Pool.Sqlite.Diagnostics.Records;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>SQLite's figures of a connection's page cache.</summary>
internal static class PageCache
{
    // sqlite3.h: SQLITE_DBSTATUS_CACHE_WRITE.
    private const int PagesWritten = 9;

    /// <summary>
    /// How it has done since the last call. Only for the thread that uses the connection, while no statement runs.
    /// </summary>
    public static CacheFigures TakeFigures(sqlite3 handle, long cacheBytes)
    {
        _ = raw.sqlite3_db_status(handle, raw.SQLITE_DBSTATUS_CACHE_HIT, out int hits, out _, resetFlg: 1);
        _ = raw.sqlite3_db_status(handle, raw.SQLITE_DBSTATUS_CACHE_MISS, out int misses, out _, resetFlg: 1);
        _ = raw.sqlite3_db_status(handle, raw.SQLITE_DBSTATUS_CACHE_USED, out int used, out _, resetFlg: 0);
        return new CacheFigures(hits, misses, cacheBytes > 0 ? (double)used / cacheBytes : 0);
    }

    /// <summary>Pages that went to the WAL since the connection was opened.</summary>
    public static int CountPagesWritten(sqlite3 handle)
    {
        _ = raw.sqlite3_db_status(handle, PagesWritten, out int written, out _, resetFlg: 0);
        return written;
    }
}
