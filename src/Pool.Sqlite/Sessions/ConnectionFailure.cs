using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>Which failures of a statement may be the connection's own, so that another one may succeed.</summary>
internal static class ConnectionFailure
{
    /// <summary>
    /// True for SQLITE_READONLY, IOERR, CORRUPT, NOTADB and CANTOPEN: a connection that was opened while the file could
    /// not be written stays so, for example, and one whose descriptor is bad does not get a better one.
    /// </summary>
    public static bool MayBeItsOwn(Exception? failure) =>
        failure
            is SqliteException
            {
                SqliteErrorCode: raw.SQLITE_READONLY
                    or raw.SQLITE_IOERR
                    or raw.SQLITE_CORRUPT
                    or raw.SQLITE_NOTADB
                    or raw.SQLITE_CANTOPEN
            };
}
