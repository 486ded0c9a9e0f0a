using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Diagnostics.Records;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.WriteQueue;

/// <summary>One batch after the other: begin, run, commit. Used by the loop of one queue, one at a time.</summary>
internal sealed class BatchWriter(
    IWriterSource pool,
    int maxBatchSize,
    WriteCounters counters,
    WriteBacklog backlog,
    WriteItemExecutor runner,
    ItemExpiry expiry,
    BatchSettlement settlement,
    CancellationToken abandoned
)
{
    private readonly List<(WriteItem Item, Exception Failure)> _failures = [];
    private readonly TimeProvider _time = pool.Time;
    private CommitTicket _commit;

    /// <summary>Writes a batch, and has its tasks end when it is on disk.</summary>
    /// <exception cref="SqliteException">
    /// Another connection's lock is in the way, or nothing can be written at all.
    /// </exception>
    public async ValueTask Write()
    {
        PoolEntry<PhysicalConnection> writer = await expiry.During(pool.Rent(abandoned)).ConfigureAwait(false);
        bool isWritten = false;
        try
        {
            isWritten = await Write(writer.Value, writer).ConfigureAwait(false);
        }
        catch (SqliteException e)
        {
            writer.Value.IsRetired |= MayBeTheConnection(e);
            throw;
        }
        finally
        {
            runner.Detach();
            writer.Value.Transaction.Abort();

            // With the gate, before any task ends: those that wait for it have waited long enough.
            pool.Return(writer);
        }

        if (isWritten)
        {
            (WriteItem Item, Exception Failure)[] failures = [.. _failures];
            _failures.Clear();
            settlement.WhenDurable(_commit, failures);
        }
    }

    private async ValueTask<bool> Write(PhysicalConnection physical, PoolEntry<PhysicalConnection> writer)
    {
        await expiry.During(Until("BEGIN IMMEDIATE", physical)).ConfigureAwait(false);
        using PoolTracing.Span span = pool.Tracing.StartBatch();
        runner.Attach(writer);
        _failures.Clear();
        _commit = default;
        IReadOnlyList<WriteItem> batch = backlog.Take(maxBatchSize);
        Exception? culprit = Run(batch, out int done);
        PoolTracing.EndBatch(span, done, culprit);
        physical.IsRetired |=
            MayBeTheConnection(culprit) || _failures.Exists(failed => MayBeTheConnection(failed.Failure));
        if (culprit is not null)
        {
            return ShareBlame(batch, culprit);
        }

        if (done == 0)
        {
            return true;
        }

        if (!backlog.TryBeginCommit())
        {
            return false;
        }

        long start = _time.GetTimestamp();
        try
        {
            await Until("COMMIT", physical).ConfigureAwait(false);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && physical.IsInTransaction)
        {
            PoolTracing.EndBatch(span, done, e);
            backlog.Keep();
            throw;
        }
        catch (SqliteException e)
        {
            PoolTracing.EndBatch(span, done, e);
            physical.IsRetired |= MayBeTheConnection(e);
            return UncertainCommit.Is(e) ? ShareDoubt(batch, e) : ShareBlame(batch, e);
        }

        physical.ReleaseGateIfDone();
        _commit = physical.TakeCommit();
        TimeSpan commit = _time.GetElapsedTime(start);
        counters.NoteBatch(done, commit);
        pool.Metrics.RecordBatch(done, commit);
        return true;
    }

    // One that was opened while the file was read-only stays so, for example: the next batch is to have a new one. (But
    // not where the connection is the database.)
    private bool MayBeTheConnection(Exception? failure) =>
        !pool.IsPrivateMemory && ConnectionFailure.MayBeItsOwn(failure);

    /// <summary>Runs the items; what fails is noted, to be told when the rest is committed.</summary>
    /// <param name="batch">The items.</param>
    /// <param name="done">How many there are to commit.</param>
    /// <returns>Why the transaction is lost; null when it is not.</returns>
    private Exception? Run(IReadOnlyList<WriteItem> batch, out int done)
    {
        done = 0;
        bool alone = batch.Count == 1;
        foreach (WriteItem item in batch)
        {
            if (expiry.IsDue(item))
            {
                _failures.Add((item, expiry.WaitedTooLong()));
                continue;
            }

            if (!item.TryBegin())
            {
                continue;
            }

            switch (runner.Run(item, alone, out Exception? failure))
            {
                case ItemOutcome.Done:
                    done += item.Writes ? 1 : 0;
                    break;
                case ItemOutcome.Failed:
                    _failures.Add((item, failure!));
                    break;
                case ItemOutcome.TransactionLost:
                    return failure;
            }
        }

        return null;
    }

    /// <summary>
    /// The batch is undone. One alone is to blame; of several it is not known which, nor what those that failed would
    /// have come to without it: each is run again by itself.
    /// </summary>
    /// <returns>True when the batch is settled by this.</returns>
    private bool ShareBlame(IReadOnlyList<WriteItem> batch, Exception culprit)
    {
        if (batch.Count == 1)
        {
            _failures.Add((batch[0], culprit));
            return true;
        }

        pool.Logger.BatchRunsOneByOne(culprit, pool.Name, batch.Count);
        backlog.RunOneByOne();
        return false;
    }

    /// <summary>
    /// It is unknown whether the batch is stored. To run it again could store it twice, so every caller is told just
    /// that.
    /// </summary>
    /// <returns>True: the batch is settled by this.</returns>
    private bool ShareDoubt(IReadOnlyList<WriteItem> batch, SqliteException failure)
    {
        (WriteItem Item, Exception Failure)[] told = BatchSettlement.Share(batch, [.. _failures], failure);
        pool.Logger.WritesUncertain(failure, pool.Name, told.Length - _failures.Count);
        _failures.Clear();
        _failures.AddRange(told);
        return true;
    }

    /// <summary>
    /// Runs a statement of the pool's own, again and again while a lock is in the way, until BusyTimeout has passed.
    /// </summary>
    /// <exception cref="SqliteException">It was not done in time, or cannot be.</exception>
    private async ValueTask<bool> Until(string sql, PhysicalConnection physical)
    {
        Deadline deadline = new(TimeProvider.System, pool.BusyTimeout);
        while (!physical.TryStep(sql))
        {
            if (!await LockPolling.Pause(deadline, async: true, abandoned).ConfigureAwait(false))
            {
                throw LockTimeout(deadline.Elapsed);
            }
        }

        return true;
    }

    private static SqliteException LockTimeout(TimeSpan waited) =>
        new(
            "The database is locked: another process, or a connection outside this pool, held its lock for "
                + $"{MessageFormat.Time(waited)} (BusyTimeout, CommandTimeout).",
            raw.SQLITE_BUSY
        );
}
