using Microsoft.Data.Sqlite;
using Pool.Sqlite.Leasing;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>What a database needs from time to time, on connections of its pools.</summary>
internal sealed class DatabaseMaintenance(
    ConnectionPools pools,
    DatabaseTarget target,
    SharedLockKeeper? sharedLockKeeper,
    SqlitePoolOptions options,
    TimeProvider time
)
{
    /// <summary>
    /// Runs a checkpoint, again after a pause while another connection is in the way, until the busy timeout.
    /// </summary>
    public async Task<CheckpointResult> Checkpoint(CheckpointMode mode, CancellationToken cancellationToken)
    {
        Deadline deadline = new(time, options.Pragmas.BusyTimeout);
        for (int retry = 0; ; retry++)
        {
            CheckpointResult result = await OnWriter(physical => physical.Upkeep.Checkpoint(mode), cancellationToken)
                .ConfigureAwait(false);
            TimeSpan pause = Backoff.Delay(retry);
            if (result.Completed || mode == CheckpointMode.Passive || !deadline.Allows(pause))
            {
                return result;
            }

            await Cancellation.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task Optimize(CancellationToken cancellationToken) =>
        OnWriterWhenUnlocked(static physical => physical.Upkeep.Optimize(), cancellationToken);

    public async Task Backup(string path, IProgress<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        PoolEntry<PhysicalConnection> reader = await pools
            .Rent(async: true, pools.RentTimeout, cancellationToken)
            .ConfigureAwait(false);
        reader.Value.Notes.RentedAsReader(reader.Rents);
        try
        {
            Backup backup = new(reader.Value, target, path);
            await Cancellation
                .Run(() => backup.Run(progress, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            pools.Return(reader);
        }
    }

    /// <summary>Replaces the database by a backup, while nothing of the pool is open.</summary>
    public async Task Restore(string path, IProgress<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        ThrowIfItCannotRestore();
        using RestoreSource source = await Cancellation
            .Run(() => RestoreSource.Open(path, target, options, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        Restore restore = new(source, target, options.Pragmas.BusyTimeout, progress, cancellationToken);
        await (
            target.Kind == DatabaseKind.PrivateMemory
                ? OnWriter(
                    physical =>
                    {
                        restore.Into(physical.Handle);
                        return true;
                    },
                    cancellationToken
                )
                : RunExclusive(_ => restore.Run(pools.RentTimeout), cancellationToken)
        ).ConfigureAwait(false);
    }

    /// <summary>Writes the database anew, without what was freed.</summary>
    public Task Vacuum(CancellationToken cancellationToken) =>
        OnWriterWhenUnlocked(
            physical => Maintenance.Vacuum.Run(physical, target, cancellationToken),
            cancellationToken
        );

    /// <summary>Writes a copy without what was freed.</summary>
    public async Task VacuumInto(string path, CancellationToken cancellationToken)
    {
        PoolEntry<PhysicalConnection> entry = await pools
            .Rent(async: true, pools.RentTimeout, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await Cancellation
                .Run(() => Maintenance.Vacuum.Into(entry.Value, target, path, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            pools.Return(entry);
        }
    }

    /// <summary>Looks for damage.</summary>
    public async Task<SqlitePoolIntegrityResult> CheckIntegrity(bool quick, CancellationToken cancellationToken)
    {
        PoolEntry<PhysicalConnection> reader;
        try
        {
            reader = await pools.Rent(async: true, pools.RentTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (SqliteException e) when (IntegrityCheck.IsDamage(e))
        {
            return IntegrityCheck.Damaged(e);
        }

        reader.Value.Notes.RentedAsReader(reader.Rents);
        try
        {
            return await Cancellation
                .Run(
                    () => IntegrityCheck.Run(reader.Value, quick, options.Pragmas.ForeignKeys, cancellationToken),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            pools.Return(reader);
        }
    }

    /// <summary>Closes what is idle now, and what is out when it comes back.</summary>
    public Task Clear(CancellationToken cancellationToken) =>
        pools.IsClosed ? throw pools.ClosedException() : Cancellation.Run(ClearNow, cancellationToken);

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
        PoolEntry<PhysicalConnection> writer = await pools
            .RentWriter(async: true, pools.RentTimeout, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            // It can take seconds, which is not what an asynchronous caller's thread is for.
            return await Cancellation.Run(() => work(writer.Value), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            pools.Return(writer);
        }
    }

    /// <summary>
    /// Runs it again, after a pause in which others write, while a lock is in its way, until the busy timeout.
    /// </summary>
    private Task<bool> OnWriterWhenUnlocked(Action<PhysicalConnection> work, CancellationToken cancellationToken)
    {
        return Retry.While(
            static failure => failure is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED },
            () => OnWriter(Answering, cancellationToken),
            new Deadline(time, options.Pragmas.BusyTimeout),
            time,
            cancellationToken
        );

        bool Answering(PhysicalConnection physical)
        {
            work(physical);
            return true;
        }
    }

    private void ThrowIfItCannotRestore()
    {
        if (pools.IsClosed)
        {
            throw pools.ClosedException();
        }

        if (target.IsReadOnly)
        {
            throw new InvalidOperationException(
                "The pool is opened read-only and cannot restore its database. Leave Mode=ReadOnly out of the connection string."
            );
        }

        // Its own lease would never be back.
        pools.Flow.ThrowIfHeld();
    }
}
