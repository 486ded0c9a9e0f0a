using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// A commit whose last step, the fsync, fails: all is written, and may be found after a restart or not. Nobody knows.
/// </summary>
internal static class UncertainCommit
{
    // sqlite3.h: SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC.
    private const int FileSync = raw.SQLITE_IOERR | (4 << 8);
    private const int FolderSync = raw.SQLITE_IOERR | (5 << 8);

    /// <exception cref="SqliteException">The failure is one of these.</exception>
    public static void ThrowIf(int extendedCode)
    {
        if (extendedCode is FileSync or FolderSync)
        {
            throw new SqliteException(
                "The disk did not confirm the commit (fsync failed): it is unknown whether it is stored. Look before you repeat it, "
                + "and look after the disk.",
                raw.SQLITE_IOERR,
                extendedCode);
        }
    }
}
