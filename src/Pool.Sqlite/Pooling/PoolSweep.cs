namespace Pool.Sqlite.Pooling;

/// <summary>
/// A round of the housekeeper through a pool: notes what has changed, closes what is due, checks what has been idle,
/// opens up to the wanted minimum. It only takes out what is idle, one entry at a time.
/// </summary>
internal sealed class PoolSweep<T>(
    PoolState<T> state,
    PermitStore<T> permits,
    BudgetShare<T> budget,
    EntryOpener<T> opener,
    EntryCloser<T> closer
)
{
    private readonly EntryRegistry<T> _entries = state.Entries;
    private readonly LeasePoolOptions _options = state.Options;
    private readonly TimeProvider _time = state.Time;
    private int _isRunning;

    /// <summary>Does nothing while another round runs.</summary>
    public void Run()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 1)
        {
            return;
        }

        try
        {
            long now = _time.GetTimestamp();
            foreach (PoolEntry<T> entry in _entries.ToArray())
            {
                Observe(entry, now);
            }

            int unseen = permits.Idle;
            while (unseen-- > 0 && permits.TryBorrowIdle(out PoolEntry<T>? entry))
            {
                Inspect(entry, now);
            }

            TopUp();
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    /// <summary>Closes everything that is idle; what is out is closed when it comes back.</summary>
    public void Clear()
    {
        _entries.Clear();
        permits.FlushSlots();
        int unseen = permits.Idle;
        while (unseen-- > 0 && permits.TryBorrowIdle(out PoolEntry<T>? entry))
        {
            GiveBack(entry, state.WhyRetire(entry));
        }
    }

    /// <summary>Closes an idle entry, or the one that has been idle for longest. False when there is none.</summary>
    public bool TryEvict(PoolEntry<T> entry)
    {
        if (permits.Slots.TryRemove(entry))
        {
            closer.Close(entry, RetireReason.Budget, withPermit: true);
            return true;
        }

        if (!permits.TryBorrowIdle(out PoolEntry<T>? oldest))
        {
            return false;
        }

        GiveBack(oldest, RetireReason.Budget);
        return true;
    }

    private void Observe(PoolEntry<T> entry, long now)
    {
        bool cold = !entry.Observe(now) && !entry.IsLeased;
        if (entry.HasExpired(now))
        {
            entry.Retire(RetireReason.Age);
        }

        // What was not taken since the last round goes to the queue: there it can be inspected, and frees its permit.
        if ((cold || entry.RetireReason != RetireReason.None) && permits.Slots.TryRemove(entry))
        {
            permits.ReturnToIdle(entry);
        }
    }

    private void Inspect(PoolEntry<T> entry, long now)
    {
        // It may have come back since the beginning of the round.
        entry.Observe(now);
        TimeSpan idle = _time.GetElapsedTime(entry.UnchangedSince, now);
        RetireReason reason = state.WhyRetire(entry);
        if (reason == RetireReason.None)
        {
            if (idle >= Limit(_options.OverflowIdleTimeout) && state.TryBeginClose(entry, floor: _options.Size))
            {
                reason = RetireReason.Overflow;
            }
            else if (idle >= Limit(_options.IdleTimeout) && state.TryBeginClose(entry, floor: _options.MinIdle))
            {
                reason = RetireReason.Idle;
            }
            else if (_time.GetElapsedTime(entry.CheckedAt, now) >= Limit(_options.HealthCheckInterval))
            {
                reason = Probe(entry, now);
            }
            else if (idle >= Limit(_options.ProbeAfterIdle))
            {
                entry.IsProbeDue = true;
            }
        }

        GiveBack(entry, reason);
    }

    private RetireReason Probe(PoolEntry<T> entry, long now)
    {
        RetireReason reason = state.Source.Probe(entry.Value);
        entry.CheckedAt = now;
        state.Counters.NoteFailedCheck(reason);
        return reason;
    }

    private void GiveBack(PoolEntry<T> entry, RetireReason reason)
    {
        permits.EndHousekeeping();

        // All may have been cleared since the look at it, which then did not find it.
        reason = entry.IsClosing ? reason : state.WhyRetire(entry, reason);
        if (reason == RetireReason.None)
        {
            permits.ReturnToIdle(entry);
        }
        else
        {
            closer.Close(entry, reason, withPermit: true);
        }
    }

    // Only a pool that has been used is kept warm: making a pool opens nothing.
    private void TopUp()
    {
        int wanted = Math.Min(_options.MinIdle, _options.Size);
        while (_entries.Open < wanted && _entries.HasOpened && !state.IsClosed && permits.TryTakeForHousekeeping())
        {
            try
            {
                if (!budget.TryEnter())
                {
                    permits.Release();
                    return;
                }

                PoolEntry<T>? entry = opener.OpenForStock(wanted);
                permits.ReturnToIdle(entry);
                if (entry is null)
                {
                    return;
                }
            }
            // It is counted, and the next round tries again.
            catch
            {
                state.Counters.NoteOpenFailure();
                permits.Release();
                return;
            }
            finally
            {
                permits.EndHousekeeping();
            }
        }
    }

    private static TimeSpan Limit(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout;
}
