using Pool.Sqlite.Leasing;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Maintenance;

/// <summary>What a database needs from time to time, on connections of its pools.</summary>
internal sealed class DatabaseMaintenance(
    ConnectionPools pools, DatabaseTarget target, SharedLockKeeper? sharedLockKeeper, TimeSpan busyTimeout, TimeProvider time)
{
    /// <summary>Runs a checkpoint, again after a pause while another connection is in the way, until the busy timeout.</summary>
    public async Task<CheckpointResult> Checkpoint(CheckpointMode mode, CancellationToken cancellationToken)
    {
        Deadline deadline = new(time, busyTimeout);
        for (int retry = 0; ; retry++)
        {
            CheckpointResult result = await OnWriter(physical => physical.Upkeep.Checkpoint(mode), cancellationToken).ConfigureAwait(false);
            TimeSpan pause = Backoff.Delay(retry);
            if (result.Completed || mode == CheckpointMode.Passive || !deadline.Allows(pause))
            {
                return result;
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task Optimize(CancellationToken cancellationToken) => OnWriter(
        static physical =>
        {
            physical.Upkeep.Optimize();
            return true;
        },
        cancellationToken);

    public async Task Backup(string path, IProgress<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        PoolEntry<PhysicalConnection> reader = await pools.Rent(async: true, pools.RentTimeout, cancellationToken).ConfigureAwait(false);
        reader.Value.Notes.RentedAsReader(reader.Rents);
        try
        {
            Backup backup = new(reader.Value, target, path);
            await Task.Run(() => backup.Run(progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            pools.Return(reader);
        }
    }

    /// <summary>Closes what is idle now, and what is out when it comes back.</summary>
    public Task Clear(CancellationToken cancellationToken) => pools.IsClosed
        ? throw pools.ClosedException()
        : Task.Run(ClearNow, cancellationToken);

    /// <summary>As <see cref="Clear"/>, on this thread.</summary>
    public void ClearNow()
    {
        sharedLockKeeper?.Suspend();
        try
        {
            pools.Clear();
        }
        finally
        {
            sharedLockKeeper?.Resume();
        }
    }

    /// <summary>Runs something while no connection of the pool is open.</summary>
    public async Task RunExclusive(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        sharedLockKeeper?.Suspend();
        try
        {
            await pools.RunExclusive(work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            sharedLockKeeper?.Resume();
        }
    }

    private async Task<T> OnWriter<T>(Func<PhysicalConnection, T> work, CancellationToken cancellationToken)
    {
        PoolEntry<PhysicalConnection> writer =
            await pools.RentWriter(async: true, pools.RentTimeout, cancellationToken).ConfigureAwait(false);
        try
        {
            // It can take seconds, which is not what an asynchronous caller's thread is for.
            return await Task.Run(() => work(writer.Value), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            pools.Return(writer);
        }
    }
}
