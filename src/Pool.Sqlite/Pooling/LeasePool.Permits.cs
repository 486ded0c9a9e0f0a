namespace Pool.Sqlite.Pooling;

/// <content>Permits: taking them, waiting for them, giving them back.</content>
internal sealed partial class LeasePool<T>
{
    private bool TryTakePermit(out PoolEntry<T>? item)
    {
        item = null;
        if (_waiters.WaiterSignal != 0)
        {
            return false;
        }

        item = _slots.TryTake();
        if (item is null && !_permits.Wait(0, CancellationToken.None))
        {
            return false;
        }

        return true;
    }

    private async ValueTask<PoolEntry<T>?> WaitForPermit(
        bool async, Deadline deadline, CancellationToken cancellationToken)
    {
        if (!_closed && deadline.Timeout == TimeSpan.Zero)
        {
            Interlocked.Increment(ref _timeouts);
            throw _source.RentRefused(RentRefusal.TimedOutWaiting, TimeSpan.Zero);
        }

        Waiter<PoolEntry<T>>? waiter = _waiters.TryEnqueue(deadline.Timeout);
        if (waiter is null)
        {
            throw NoRoomToWait();
        }

        GrantToWaiters();
        WaitOutcome outcome = await waiter.Wait(async, cancellationToken).ConfigureAwait(false);
        TimeSpan waited = deadline.Elapsed;
        _events?.RentWaited(waited, outcome);
        switch (outcome)
        {
            case WaitOutcome.Granted:
                WaitTimes.Record(waited);
                return waiter.Item;
            case WaitOutcome.Canceled:
                Interlocked.Increment(ref _cancellations);
                throw new OperationCanceledException(cancellationToken);
            case WaitOutcome.TimedOut:
                WaitTimes.Record(waited);
                Interlocked.Increment(ref _timeouts);
                throw _source.RentRefused(RentRefusal.TimedOutWaiting, waited);
            default:
                throw _source.Closed();
        }
    }

    /// <summary>Lays an item, if there is one, and its permit where the slow path finds them.</summary>
    private void ReturnToIdle(PoolEntry<T>? item)
    {
        if (item is not null)
        {
            _idle.Enqueue(item);
        }

        ReleasePermit();

        // It may be what a rent of another pool waits for.
        _budget?.Reclaim();
    }

    private void ReleasePermit()
    {
        _permits.Release();
        if (_waiters.WaiterSignal != 0)
        {
            GrantToWaiters();
        }
    }

    /// <summary>Gives what permits there are to those who wait, in their order.</summary>
    private void GrantToWaiters()
    {
        while (_waiters.Count > 0)
        {
            PoolEntry<T>? item = _slots.TryTake();
            if (item is null && !_permits.Wait(0, CancellationToken.None))
            {
                return;
            }

            if (!_waiters.TryGrant(item))
            {
                if (item is not null)
                {
                    _idle.Enqueue(item);
                }

                _permits.Release();
                _budget?.Reclaim();
            }
        }

        if (_closed)
        {
            CloseIdle();
        }
    }

    // Called by who has just got a lease the slow way: taking one from a per-core slot cannot raise the peak, since whatever
    // lies there was out when the last permit was taken.
    private void NotePeak()
    {
        int housekeeping = Volatile.Read(ref _housekeeping);
        int held = _options.Permits - _permits.CurrentCount;
        if (held <= Volatile.Read(ref _peak))
        {
            return;
        }

        int inUse = housekeeping == 0 ? held : _items.CountLeased();
        for (int peak = _peak; inUse > peak; peak = _peak)
        {
            Interlocked.CompareExchange(ref _peak, inUse, peak);
        }
    }

    private Exception NoRoomToWait()
    {
        if (_closed)
        {
            return _source.Closed();
        }

        Interlocked.Increment(ref _timeouts);
        return _source.RentRefused(RentRefusal.TooManyWaiters, TimeSpan.Zero);
    }
}
