using System.Diagnostics.CodeAnalysis;
using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Pooling;

internal sealed partial class LeasePool<T>
{
    private int _housekeeping;
    private int _sweeping;

    /// <summary>
    /// One round of the housekeeper: notes what has changed, closes what is due, checks what has been idle, opens up
    /// to the wanted minimum. It only takes out what is idle, one item at a time.
    /// </summary>
    public void Sweep()
    {
        if (Interlocked.Exchange(ref _sweeping, 1) == 1)
        {
            return;
        }

        try
        {
            long now = _time.GetTimestamp();
            foreach (PoolEntry<T> item in _items.ToArray())
            {
                Look(item, now);
            }

            int unseen = _idle.Count;
            while (unseen-- > 0 && TryBorrowIdle(out PoolEntry<T>? item))
            {
                Inspect(item, now);
            }

            TopUp();
        }
        finally
        {
            Volatile.Write(ref _sweeping, 0);
        }
    }

    /// <summary>Opens items until the base size is reached, as far as permits are free.</summary>
    public async Task WarmUp(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (_items.Open < _options.Size && !_closed && TryTakeHousekeepingPermit())
        {
            try
            {
                if (!TryEnterBudget())
                {
                    ReleasePermit();
                    break;
                }

                PoolEntry<T>? item =
                    await Open(async: true, OpenDeadline(), _options.Size, cancellationToken).ConfigureAwait(false);
                ReturnToIdle(item);
                if (item is null)
                {
                    break;
                }
            }
            finally
            {
                Interlocked.Decrement(ref _housekeeping);
            }
        }

        if (_closed)
        {
            throw _source.Closed();
        }
    }

    /// <summary>Closes everything that is idle; what is out is closed when it comes back.</summary>
    public void Clear()
    {
        _items.Clear();
        FlushSlots();
        int unseen = _idle.Count;
        while (unseen-- > 0 && TryBorrowIdle(out PoolEntry<T>? item))
        {
            GiveBackIdle(item, WhyRetire(item));
        }
    }

    /// <summary>Waits for every permit, and closes all there is. The caller owes <see cref="EndExclusive"/>.</summary>
    public async Task BeginExclusive(CancellationToken cancellationToken)
    {
        ThrowIfCanceled(cancellationToken);
        Deadline deadline = new(_time, _options.RentTimeout);
        bool mayWait = _options.RentTimeout != TimeSpan.Zero;
        TimeSpan timeout = mayWait ? _options.RentTimeout : Timeout.InfiniteTimeSpan;
        Waiter<PoolEntry<T>> waiter =
            _waiters.TryEnqueue(timeout, _options.Permits, always: true) ?? throw _source.Closed();
        GrantToWaiters();
        if (!mayWait)
        {
            _waiters.Withdraw(waiter, WaitOutcome.TimedOut);
        }

        WaitOutcome outcome = await waiter.Wait(async: true, cancellationToken).ConfigureAwait(false);
        foreach (PoolEntry<T> item in waiter.FurtherItems ?? [])
        {
            _idle.Enqueue(item);
        }

        if (waiter.Item is not null)
        {
            _idle.Enqueue(waiter.Item);
        }

        // Held, but not in use.
        Interlocked.Add(ref _housekeeping, waiter.Permits);
        if (outcome == WaitOutcome.Granted)
        {
            _items.Clear();
            CloseIdle();
            return;
        }

        GiveBackPermits(waiter.Permits);
        switch (outcome)
        {
            case WaitOutcome.Canceled:
                Interlocked.Increment(ref _cancellations);
                throw new OperationCanceledException(cancellationToken);
            case WaitOutcome.TimedOut:
                Interlocked.Increment(ref _timeouts);
                throw _source.RentRefused(RentRefusal.TimedOutWaiting, deadline.Elapsed);
            default:
                throw _source.Closed();
        }
    }

    public void EndExclusive() => GiveBackPermits(_options.Permits);

    private void GiveBackPermits(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ReleasePermit();
        }

        Interlocked.Add(ref _housekeeping, -count);
        _budget?.Reclaim();
    }

    private void Look(PoolEntry<T> item, long now)
    {
        bool cold = !item.Observe(now) && !item.IsLeased;
        if (item.HasExpired(now))
        {
            item.Retire(RetireReason.Age);
        }

        // What was not taken since the last round goes to the queue: there it can be inspected, and frees its permit.
        if ((cold || item.RetireReason != RetireReason.None) && _slots.TryRemove(item))
        {
            ReturnToIdle(item);
        }
    }

    private void Inspect(PoolEntry<T> item, long now)
    {
        // It may have come home since the look at the beginning of the round.
        item.Observe(now);
        TimeSpan idle = _time.GetElapsedTime(item.UnchangedSince, now);
        RetireReason reason = WhyRetire(item);
        if (reason == RetireReason.None)
        {
            if (idle >= Limit(_options.OverflowIdleTimeout) && _items.TryBeginClose(item, floor: _options.Size))
            {
                reason = RetireReason.Overflow;
            }
            else if (idle >= Limit(_options.IdleTimeout) && _items.TryBeginClose(item, floor: _options.MinIdle))
            {
                reason = RetireReason.Idle;
            }
            else if (_time.GetElapsedTime(item.CheckedAt, now) >= Limit(_options.HealthCheckInterval))
            {
                reason = Probe(item, now);
            }
            else if (idle >= Limit(_options.ProbeAfterIdle))
            {
                item.IsProbeDue = true;
            }
        }

        GiveBackIdle(item, reason);
    }

    private RetireReason Probe(PoolEntry<T> item, long now)
    {
        RetireReason reason = _source.Probe(item.Value);
        item.CheckedAt = now;
        NoteFailedCheck(reason);
        return reason;
    }

    private bool TryBorrowIdle([NotNullWhen(true)] out PoolEntry<T>? item)
    {
        item = null;
        if (!TryTakeHousekeepingPermit())
        {
            return false;
        }

        if (_idle.TryDequeue(out item))
        {
            return true;
        }

        Interlocked.Decrement(ref _housekeeping);
        ReleasePermit();
        return false;
    }

    private void GiveBackIdle(PoolEntry<T> item, RetireReason reason)
    {
        Interlocked.Decrement(ref _housekeeping);
        if (reason == RetireReason.None)
        {
            ReturnToIdle(item);
        }
        else
        {
            Close(item, reason, withPermit: true);
        }
    }

    private bool TryTakeHousekeepingPermit()
    {
        Interlocked.Increment(ref _housekeeping);
        if (_waiters.WaiterSignal == 0 && _permits.Wait(0, CancellationToken.None))
        {
            return true;
        }

        Interlocked.Decrement(ref _housekeeping);
        return false;
    }

    private void FlushSlots()
    {
        while (_slots.TryTake() is { } item)
        {
            ReturnToIdle(item);
        }
    }

    // Only a pool that has been used is kept warm: making a pool opens nothing.
    private void TopUp()
    {
        int wanted = Math.Min(_options.MinIdle, _options.Size);
        while (_items.Open < wanted && _items.HasOpened && !_closed && TryTakeHousekeepingPermit())
        {
            try
            {
                if (!TryEnterBudget())
                {
                    ReleasePermit();
                    return;
                }

                PoolEntry<T>? item = OpenForStock(wanted);
                ReturnToIdle(item);
                if (item is null)
                {
                    return;
                }
            }
#pragma warning disable CA1031 // It is counted, and the next round tries again.
            catch
#pragma warning restore CA1031
            {
                Interlocked.Increment(ref _openFailures);
                ReleasePermit();
                return;
            }
            finally
            {
                Interlocked.Decrement(ref _housekeeping);
            }
        }
    }

    private PoolEntry<T>? OpenForStock(int wanted)
    {
        if (!_items.TryBeginOpen(wanted))
        {
            _budget?.Exit(this);
            return null;
        }

        PoolEntry<T>? item = null;
        int generation = _items.Generation;
        try
        {
            return item = OpenOnce(new Deadline(_time, Timeout.InfiniteTimeSpan), CancellationToken.None);
        }
        finally
        {
            if (item is null)
            {
                _budget?.Exit(this);
            }

            _items.EndOpen(item, generation);
        }
    }

    private static TimeSpan Limit(TimeSpan timeout) => timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout;
}
