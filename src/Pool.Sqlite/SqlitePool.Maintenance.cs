using Microsoft.Data.Sqlite;
using Pool.Sqlite.Maintenance;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite;

/// <content>What a database needs from time to time.</content>
public sealed partial class SqlitePool
{
    /// <summary>
    /// Moves what the WAL holds into the database file, under the write gate. Where readers or other processes are in the
    /// way it tries again, after pauses of 10, 20, 40 ms and so on in which others write, until <c>BusyTimeout</c>.
    /// </summary>
    /// <param name="mode">How far it goes.</param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    /// <inheritdoc cref="RentAsync"/>
    public async Task<CheckpointResult> CheckpointAsync(
        CheckpointMode mode = CheckpointMode.Passive, CancellationToken cancellationToken = default)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Allowed: Passive, Full, Restart, Truncate.");
        }

        Deadline deadline = new(_time, BusyTimeout);
        for (int retry = 0; ; retry++)
        {
            CheckpointResult result =
                await OnWriter(connection => connection.Physical.Checkpoint(mode), cancellationToken).ConfigureAwait(false);
            TimeSpan pause = Backoff.Delay(retry);
            if (result.Completed || mode == CheckpointMode.Passive || !deadline.Allows(pause))
            {
                return result;
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// <c>PRAGMA optimize</c>, under the write gate: refreshes what the query planner knows where that has become stale.
    /// For now and then, and after large changes; the pool does it by itself when it closes.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the writer connection.</param>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    /// <inheritdoc cref="RentAsync"/>
    public Task OptimizeAsync(CancellationToken cancellationToken = default) => OnWriter(
        static connection =>
        {
            connection.Physical.Optimize();
            return true;
        },
        cancellationToken);

    /// <summary>
    /// Copies the database as it is at this moment to another file, while reading and writing go on: from one snapshot, by
    /// SQLite's backup interface. (Copying the file itself would miss the WAL, and drop SQLite's locks.)
    /// </summary>
    /// <param name="path">
    /// The file. One that exists must be a database; it is replaced as a whole when the copy is complete, and left as it
    /// is when it is not.
    /// </param>
    /// <param name="progress">Told how many pages are copied, every 1,000.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">It is the pool's own file.</exception>
    /// <exception cref="SqliteException">SQLite cannot write the file, or somebody else uses it.</exception>
    /// <inheritdoc cref="RentAsync"/>
    public async Task BackupAsync(
        string path, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using SqlitePoolConnection connection = await RentReaderAsync(cancellationToken).ConfigureAwait(false);
        Backup backup = new(connection.Physical, _source.Target, path);
        await Task.Run(() => backup.Run(progress, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> OnWriter<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = await RentWriterAsync(cancellationToken).ConfigureAwait(false);

        // It can take seconds, which is not what an asynchronous caller's thread is for.
        return await Task.Run(() => work(connection), cancellationToken).ConfigureAwait(false);
    }
}
