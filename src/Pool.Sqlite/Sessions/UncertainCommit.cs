using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// A commit whose last step fails: the fsync, or the removal of the rollback journal. All is written;
/// whether it is found after a restart cannot be told.
/// </summary>
internal static class UncertainCommit
{
    // sqlite3.h: SQLITE_IOERR_FSYNC, _DIR_FSYNC, _TRUNCATE, _DELETE, _DELETE_NOENT.
    private const int FileSync = raw.SQLITE_IOERR | (4 << 8);
    private const int FolderSync = raw.SQLITE_IOERR | (5 << 8);
    private const int JournalTruncation = raw.SQLITE_IOERR | (6 << 8);
    private const int JournalDeletion = raw.SQLITE_IOERR | (10 << 8);
    private const int JournalIsGone = raw.SQLITE_IOERR | (23 << 8);

    /// <summary>
    /// True for the failure of a write of which it is not known whether it is stored: it must not simply be repeated.
    /// </summary>
    public static bool Is(SqliteException failure) => Is(failure.SqliteExtendedErrorCode);

    /// <exception cref="SqliteException">The failure is one of these.</exception>
    public static void ThrowIf(int extendedCode)
    {
        if (Is(extendedCode))
        {
            string step = extendedCode is FileSync or FolderSync ? "fsync failed" : "the journal could not be removed";
            throw new SqliteException(
                $"The disk did not confirm the commit ({step}): it is unknown whether it is stored. Look before you repeat it, "
                    + "and look after the disk.",
                raw.SQLITE_IOERR,
                extendedCode
            );
        }
    }

    private static bool Is(int extendedCode) =>
        extendedCode is FileSync or FolderSync or JournalTruncation or JournalDeletion or JournalIsGone;
}
