using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Replaces what a database contains by what a backup does. The file stays the same one and is written in one
/// transaction of SQLite's, so that a crash in the midst, a failure or a cancellation leaves what was there before.
/// </summary>
internal sealed class Restore(
    RestoreSource source,
    DatabaseTarget target,
    TimeSpan lockWait,
    IProgress<BackupProgress>? progress,
    CancellationToken cancellationToken
)
{
    /// <summary>
    /// While the pool has no connection open. Takes the write gate, which other pools of the process use as well.
    /// </summary>
    /// <param name="gateWait">How long it waits for that.</param>
    /// <exception cref="SqliteException">SQLite cannot, or another connection uses the database.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task Run(TimeSpan gateWait)
    {
        using SqliteConnection to = NativeEngine.Connect(target);
        CheckpointOnClose.OpenWithout(to);
        WriteGate gate =
            target.Kind == DatabaseKind.File
                ? WriteGate.ForFile(raw.sqlite3_db_filename(to.Handle, "main").utf8_to_string())
                : WriteGate.ForMemory(target.MemoryName);
        if (!await gate.Enter(async: true, gateWait, cancellationToken).ConfigureAwait(false))
        {
            throw new SqliteException(
                "The write gate of the database, which another pool of this process holds, was not free in time.",
                raw.SQLITE_BUSY
            );
        }

        try
        {
            await Cancellation.Run(() => Write(to), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            gate.Exit();
        }
    }

    /// <summary>Into the connection that is the database.</summary>
    public void Into(sqlite3 to)
    {
        try
        {
            PageCopy.Run(source.Handle, to, progress, lockWait, cancellationToken);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_READONLY && target.Kind != DatabaseKind.File)
        {
            string size = NativeSql.Scalar(source.Handle, "PRAGMA page_size")!;
            throw new SqliteException(
                $"The backup has pages of {size} bytes, and a database in memory keeps those it was made with. Write "
                    + $"Pragmas.Additional[\"page_size\"] = \"{size}\" for one that takes the backup. Nothing was changed.",
                raw.SQLITE_READONLY
            );
        }
    }

    private void Write(SqliteConnection to)
    {
        try
        {
            if (target.Kind == DatabaseKind.File)
            {
                WriteFile(to);
            }
            else
            {
                Into(to.Handle!);
            }
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED)
        {
            throw new SqliteException(
                $"Another process, or a connection outside this pool, used the database for {MessageFormat.Time(lockWait)} (BusyTimeout). "
                    + $"Nothing was changed. {e.Message}",
                e.SqliteErrorCode,
                e.SqliteExtendedErrorCode
            );
        }
    }

    private void WriteFile(SqliteConnection to)
    {
        string file = raw.sqlite3_db_filename(to.Handle, "main").utf8_to_string();
        try
        {
            Prepare(to.Handle!);
            Into(to.Handle!);
            CheckpointOnClose.Allow(to.Handle!);
            NativeSql.Try(to.Handle!, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT)
        {
            // What is there is so damaged that SQLite cannot write it: nothing is lost with it.
            to.Dispose();
            Replace(file);
        }
    }

    private void Prepare(sqlite3 to)
    {
        _ = raw.sqlite3_busy_timeout(to, 0);
        NativeSql.Scalar(to, "PRAGMA synchronous=FULL");

        // The size of pages cannot change under a WAL.
        if (NativeSql.Scalar(to, "PRAGMA page_size") != NativeSql.Scalar(source.Handle, "PRAGMA page_size"))
        {
            NativeSql.ScalarOnceUnlocked(to, "PRAGMA journal_mode=DELETE", lockWait, cancellationToken);
        }
    }

    private void Replace(string file)
    {
        string fresh = file + "-restore";
        try
        {
            File.Delete(fresh);
            using (
                SqliteConnection copy = new(
                    new SqliteConnectionStringBuilder(target.OpenString) { DataSource = fresh }.ToString()
                )
            )
            {
                copy.Open();
                NativeSql.Scalar(copy.Handle!, "PRAGMA synchronous=FULL");
                PageCopy.Run(source.Handle, copy.Handle!, progress, lockWait, cancellationToken);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(fresh, File.GetUnixFileMode(file));
            }

            // First: SQLite would take them for the new file's.
            Array.ForEach(["-wal", "-shm", "-journal"], (string suffix) => File.Delete(file + suffix));
            File.Move(fresh, file, overwrite: true);
        }
        finally
        {
            File.Delete(fresh);
        }
    }
}
