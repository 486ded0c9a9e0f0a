namespace Pool.Sqlite.Pooling;

internal sealed partial class LeasePool<T>
{
    private readonly LazyQueue<(PoolEntry<T> Item, RetireReason Reason, bool WithPermit)> _closeQueue = new();
    private int _closers;
    private int _closingNow;

    /// <summary>Ends when the pool is closed and every item with it.</summary>
    public Task Drained => _items.Drained;

    /// <summary>Fails all waiters and all later rents, closes what is idle; what is out closes on its return.</summary>
    public void Dispose()
    {
        _closed = true;

        // Not on this thread, which would go on with what those who pause do next.
        _ = _closing.CancelAsync();
        _waiters.Dispose();
        CloseIdle();
        _items.Close();
    }

    public LeaseCounts Count()
    {
        LeaseCounts counts = new()
        {
            Waiting = _waiters.Count + Volatile.Read(ref _waitingForBudget),
            PeakInUse = Volatile.Read(ref _peak),
            Misses = Interlocked.Read(ref _misses),
            Timeouts = Interlocked.Read(ref _timeouts),
            Cancellations = Interlocked.Read(ref _cancellations),
            OpenFailures = Interlocked.Read(ref _openFailures),
            HealthCheckFailures = Interlocked.Read(ref _healthCheckFailures),
        };
        _items.Fill(ref counts);
        return counts;
    }

    /// <summary>How often an item was lent.</summary>
    public long Rents
    {
        get
        {
            LeaseCounts counts = default;
            _items.Fill(ref counts);
            return counts.Rents;
        }
    }

    /// <summary>What is out, with how long it has been, at the grain of the housekeeper's rounds.</summary>
    public IEnumerable<(PoolEntry<T> Item, TimeSpan Held)> Leased()
    {
        long now = _time.GetTimestamp();
        return from item in _items.ToArray()
               where item.IsLeased
               select (item, _time.GetElapsedTime(item.UnchangedSince, now));
    }

    /// <summary>Everything that is open, in use or not.</summary>
    public IEnumerable<T> Values => _items.ToArray().Select(static item => item.Value);

    private void CloseIdle()
    {
        FlushSlots();
        while (_idle.TryDequeue(out PoolEntry<T>? item))
        {
            Close(item, WhyRetire(item), withPermit: false);
        }
    }

    /// <summary>Closes an item, and then gives back the permit that came with it, if one did.</summary>
    private void Close(PoolEntry<T> item, RetireReason reason, bool withPermit)
    {
        _items.TryBeginClose(item);
        FinishClose(item, reason, withPermit);
    }

    private void FinishClose(PoolEntry<T> item, RetireReason reason, bool withPermit)
    {
        if (!_closed)
        {
            Interlocked.Increment(ref _closingNow);
            _source.Close(item.Value, reason, last: false);
            _budget?.Exit(this);
            _items.EndClose(item, reason);
            Interlocked.Decrement(ref _closingNow);
            if (withPermit)
            {
                ReleasePermit();
            }

            if (!_closed)
            {
                return;
            }
        }
        else
        {
            _closeQueue.Enqueue((item, reason, withPermit));
        }

        // One at a time, without a lock: so that there is one that is the last, and it is alone with the database.
        if (Interlocked.Increment(ref _closers) > 1)
        {
            return;
        }

        do
        {
            CloseQueued();
        }
        while (Interlocked.Decrement(ref _closers) > 0);
    }

    private void CloseQueued()
    {
        // The end of a close that began before will call again.
        while ((_closeQueue.Count > 1 || Volatile.Read(ref _closingNow) == 0) && _closeQueue.TryDequeue(out var next))
        {
            _source.Close(next.Item.Value, next.Reason, _items.IsLast(next.Item));
            _budget?.Exit(this);
            _items.EndClose(next.Item, next.Reason);
            if (next.WithPermit)
            {
                _permits.Release();
            }
        }
    }
}
