using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>Writes a database anew without the space that was freed.</summary>
internal static class Vacuum
{
    /// <summary>On a writer, in place.</summary>
    public static bool Run(PhysicalConnection physical, DatabaseTarget target, CancellationToken cancellationToken)
    {
        physical.ThrowIfMoved();

        // It attaches a database for a moment, so that what the session was before cannot be told.
        physical.IsRetired |= target.Kind != DatabaseKind.PrivateMemory;
        StoppableWork.Run(physical.Stop, () => NativeSql.Scalar(physical.Handle, "VACUUM"), cancellationToken);
        if (target.Kind == DatabaseKind.File)
        {
            // The file shrinks only now. Readers can be in the way, and a later checkpoint does it then.
            physical.Upkeep.Checkpoint(CheckpointMode.Truncate);
        }

        return true;
    }

    /// <summary>A copy at <paramref name="path"/>.</summary>
    public static void Into(
        PhysicalConnection physical,
        DatabaseTarget target,
        string path,
        CancellationToken cancellationToken
    )
    {
        string full = BackupPath.Check(path, raw.sqlite3_db_filename(physical.Handle, "main").utf8_to_string());
        if (new FileInfo(full) is { Exists: true, Length: > 0 })
        {
            throw new IOException($"'{path}' exists. Name a file that does not, or delete it first.");
        }

        physical.IsTouched = true;
        physical.IsRetired |= target.Kind != DatabaseKind.PrivateMemory;
        bool isDone = false;
        try
        {
            if (target.Kind == DatabaseKind.SharedMemory)
            {
                OfMemoryInto(physical, target, full, cancellationToken);
            }
            else
            {
                string literal = full.Replace("'", "''", StringComparison.Ordinal);
                StoppableWork.Run(
                    physical.Stop,
                    () => NativeSql.Scalar(physical.Handle, $"VACUUM INTO '{literal}'"),
                    cancellationToken
                );
            }

            isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                File.Delete(full);
            }
        }
    }

    // On such a connection SQLite would take the path for the name of another database in memory.
    private static void OfMemoryInto(
        PhysicalConnection physical,
        DatabaseTarget target,
        string path,
        CancellationToken cancellationToken
    )
    {
        new Backup(physical, target, path).Run(progress: null, cancellationToken);
        using SqliteConnection copy = new(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()
        );
        copy.Open();
        ExecutionInterrupt interrupt = new();
        interrupt.Attach(copy.Handle!);
        StoppableWork.Run(interrupt, () => NativeSql.Scalar(copy.Handle!, "VACUUM"), cancellationToken);
    }
}
