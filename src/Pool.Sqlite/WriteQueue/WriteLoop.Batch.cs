using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.WriteQueue;

/// <content>One batch: begin, run, commit, settle.</content>
internal sealed partial class WriteLoop
{
    /// <exception cref="SqliteException">Another connection's lock is in the way, or nothing can be written at all.</exception>
    private async ValueTask Write()
    {
        PoolEntry<PhysicalConnection> writer =
            await WhileItemsExpire(_pool.RentForQueue(_abandoned.Token)).ConfigureAwait(false);
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
            _runner.Detach();
            writer.Value.Transaction.Abort();

            // With the gate, before anybody is told: who waits for it has waited long enough.
            _pool.Return(writer);
        }

        if (isWritten)
        {
            SettleWhenDurable(_commit);
        }
    }

    private async ValueTask<bool> Write(PhysicalConnection physical, PoolEntry<PhysicalConnection> writer)
    {
        await WhileItemsExpire(Until("BEGIN IMMEDIATE", physical)).ConfigureAwait(false);
        using PoolTracing.Span span = _pool.Tracing.StartBatch();
        _runner.Attach(writer);
        _failures.Clear();
        _commit = default;
        IReadOnlyList<WriteItem> batch = _backlog.Take(_options.MaxBatchSize);
        Exception? culprit = Run(batch, out int done);
        PoolTracing.EndBatch(span, done, culprit);
        physical.IsRetired |= MayBeTheConnection(culprit) || _failures.Exists(failed => MayBeTheConnection(failed.Failure));
        if (culprit is not null)
        {
            return ShareBlame(batch, culprit);
        }

        if (done == 0)
        {
            return true;
        }

        if (!_backlog.TryBeginCommit())
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
            _backlog.Keep();
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
        _counters.NoteBatch(done, commit);
        _pool.Metrics.RecordBatch(done, commit);
        return true;
    }

    // One that was opened while the file was read-only stays so, for example: the next batch is to have a new one. (But not
    // where the connection is the database.)
    private bool MayBeTheConnection(Exception? failure) => !_pool.IsPrivateMemory && ConnectionFailure.MayBeItsOwn(failure);

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
            if (IsDue(item))
            {
                _failures.Add((item, WaitedTooLong()));
                continue;
            }

            if (!item.TryBegin())
            {
                continue;
            }

            switch (_runner.Run(item, alone, out Exception? failure))
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
    /// The batch is undone. One alone is to blame; of several it is not known which, nor what those that failed would have
    /// come to without it: each is run again by itself.
    /// </summary>
    /// <returns>True when the batch is settled by this.</returns>
    private bool ShareBlame(IReadOnlyList<WriteItem> batch, Exception culprit)
    {
        if (batch.Count == 1)
        {
            _failures.Add((batch[0], culprit));
            return true;
        }

        _pool.Logger.BatchRunsOneByOne(culprit, _pool.Name, batch.Count);
        _backlog.RunOneByOne();
        return false;
    }

    /// <summary>
    /// It is unknown whether the batch is stored. To run it again could store it twice, so every caller is told just that.
    /// </summary>
    /// <returns>True: the batch is settled by this.</returns>
    private bool ShareDoubt(IReadOnlyList<WriteItem> batch, SqliteException failure)
    {
        (WriteItem Item, Exception Failure)[] told = Share(batch, [.. _failures], failure);
        _pool.Logger.WritesUncertain(failure, _pool.Name, told.Length - _failures.Count);
        _failures.Clear();
        _failures.AddRange(told);
        return true;
    }

    // Those that failed by themselves are told so, all others share the failure; in the order of the batch.
    private static (WriteItem Item, Exception Failure)[] Share(
        IEnumerable<WriteItem> items, (WriteItem Item, Exception Failure)[] failures, Exception shared) =>
        [.. items.Where(static item => item.Writes)
            .Select(item => (item, Array.Find(failures, failed => failed.Item == item).Failure ?? shared))];

    /// <summary>
    /// Tells the callers, once the batch is on disk and those before it have been told. The next batch runs meanwhile.
    /// </summary>
    private void SettleWhenDurable(CommitTicket commit)
    {
        WriteItem[] items = _backlog.EndBatch();
        (WriteItem Item, Exception Failure)[] failures = [.. _failures];
        _failures.Clear();
        Task before = _settled;
        if (before.IsCompleted && commit.IsDurable)
        {
            Settle(items, failures);
            return;
        }

        // With nothing to be written meanwhile, this thread is as good as another, and nearer.
        ValueTask durable = _backlog.IsEmpty ? commit.Wait(async: true) : commit.WaitInBackground();
        Task settled = SettleLater(before, durable, items, failures);
        Volatile.Write(ref _settled, settled);
        if (!settled.IsCompleted)
        {
            // The loop may rest by then, on a queue that is closed.
            _ = settled.ContinueWith(_ => EndIfDrained(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task SettleLater(
        Task before, ValueTask durable, WriteItem[] items, (WriteItem Item, Exception Failure)[] failures)
    {
        try
        {
            await before.ConfigureAwait(false);
            await durable.ConfigureAwait(false);
            Settle(items, failures);
        }
        catch (SqliteException e)
        {
            (WriteItem Item, Exception Failure)[] told = Share(items, failures, e);
            _pool.Logger.WritesUncertain(e, _pool.Name, told.Length - failures.Length);
            Settle(items, told);
        }
    }

    private static void Settle(WriteItem[] items, (WriteItem Item, Exception Failure)[] failures)
    {
        // First those that are stored: to be told of a failure, a handler may take its time. Last those that marked a place.
        int failed = 0;
        foreach (WriteItem item in items)
        {
            if (failed < failures.Length && failures[failed].Item == item)
            {
                failed++;
            }
            else if (item.Writes)
            {
                item.Succeed();
            }
        }

        Array.ForEach(failures, static failed => failed.Item.Fail(failed.Failure));
        Array.ForEach(items, static item => item.Succeed());
    }

    /// <summary>Runs a statement of the pool's own, again and again while a lock is in the way, until BusyTimeout has passed.</summary>
    /// <exception cref="SqliteException">It was not done in time, or cannot be.</exception>
    private async ValueTask<bool> Until(string sql, PhysicalConnection physical)
    {
        Deadline deadline = new(TimeProvider.System, _pool.BusyTimeout);
        while (!physical.TryStep(sql))
        {
            if (!await LockPolling.Pause(deadline, async: true, _abandoned.Token).ConfigureAwait(false))
            {
                throw LockTimeout(deadline.Elapsed);
            }
        }

        return true;
    }

    private static SqliteException LockTimeout(TimeSpan waited) => new(
        "The database is locked: another process, or a connection outside this pool, held its lock for "
        + $"{MessageFormat.Time(waited)} (BusyTimeout, CommandTimeout).",
        raw.SQLITE_BUSY);
}
