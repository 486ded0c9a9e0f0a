using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Copies one database over another, page by page, by SQLite's backup interface: in one transaction of the target,
/// which keeps what it had unless the copy is complete.
/// </summary>
internal static class PageCopy
{
    private const int PagesBetweenReports = 1_000;
    private const int PrimaryCode = 0xFF;

    /// <summary>Copies everything, on this thread.</summary>
    /// <param name="from">What is read.</param>
    /// <param name="to">What is replaced.</param>
    /// <param name="progress">Told after every 1,000 pages, and at the end.</param>
    /// <param name="lockWait">How long it waits for the locks of others.</param>
    /// <param name="cancellationToken">Looked at between two reports.</param>
    /// <exception cref="SqliteException">SQLite cannot.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Run(
        sqlite3 from,
        sqlite3 to,
        IProgress<BackupProgress>? progress,
        TimeSpan lockWait,
        CancellationToken cancellationToken
    )
    {
        sqlite3_backup backup = raw.sqlite3_backup_init(to, "main", from, "main");
        if (backup is null or { IsInvalid: true })
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_errcode(to), to);
        }

        int result;
        try
        {
            result = Run(backup!, progress, lockWait, cancellationToken);
        }
        finally
        {
            _ = raw.sqlite3_backup_finish(backup);
        }

        if (result != raw.SQLITE_DONE)
        {
            SqliteException.ThrowExceptionForRC(result, to);
        }
    }

    private static int Run(
        sqlite3_backup backup,
        IProgress<BackupProgress>? progress,
        TimeSpan lockWait,
        CancellationToken cancellationToken
    )
    {
        Deadline deadline = new(TimeProvider.System, lockWait);
        for (; ; )
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Its codes are extended ones, whatever the connection is set to.
            int result = raw.sqlite3_backup_step(backup, PagesBetweenReports) & PrimaryCode;
            switch (result)
            {
                case raw.SQLITE_OK or raw.SQLITE_DONE:
                    int total = raw.sqlite3_backup_pagecount(backup);
                    progress?.Report(new BackupProgress(total - raw.sqlite3_backup_remaining(backup), total));
                    break;
                case raw.SQLITE_BUSY
                or raw.SQLITE_LOCKED
                    when LockPolling.Pause(deadline, async: false, cancellationToken).AsTask().GetAwaiter().GetResult():
                    continue;
            }

            if (result != raw.SQLITE_OK)
            {
                return result;
            }
        }
    }
}
