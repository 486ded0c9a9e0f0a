namespace Pool.Sqlite.Pooling;

/// <summary>
/// Closes entries; in a pool that is closed one after the other, so that one of them is known to be the last.
/// </summary>
internal sealed class EntryCloser<T>(PoolState<T> state, PermitStore<T> permits, BudgetShare<T> budget)
{
    private readonly EntryRegistry<T> _entries = state.Entries;
    private readonly LazyQueue<(PoolEntry<T> Entry, RetireReason Reason, bool WithPermit)> _queue = new();
    private int _closers;
    private int _closingNow;

    /// <summary>Closes what is idle.</summary>
    public void CloseIdle()
    {
        permits.FlushSlots();
        while (permits.TryDequeueIdle(out PoolEntry<T>? entry))
        {
            Close(entry, state.WhyRetire(entry), withPermit: false);
        }
    }

    /// <summary>Closes an entry, and then gives back the permit that came with it, if one did.</summary>
    public void Close(PoolEntry<T> entry, RetireReason reason, bool withPermit)
    {
        _entries.TryBeginClose(entry);
        FinishClose(entry, reason, withPermit);
    }

    /// <summary>As <see cref="Close"/>, for an entry that is claimed for closing already.</summary>
    public void FinishClose(PoolEntry<T> entry, RetireReason reason, bool withPermit)
    {
        // Counted before the look: a close in turn then knows of it, or this one that it has to queue.
        Interlocked.Increment(ref _closingNow);
        if (!state.IsClosed)
        {
            state.Source.Close(entry.Value, reason, last: false);
            budget.Exit();
            _entries.EndClose(entry, reason);
            Interlocked.Decrement(ref _closingNow);
            if (withPermit)
            {
                permits.Release();
            }

            if (!state.IsClosed)
            {
                return;
            }
        }
        else
        {
            Interlocked.Decrement(ref _closingNow);
            _queue.Enqueue((entry, reason, withPermit));
        }

        CloseInTurn();
    }

    /// <summary>An open has come to nothing, which the last close of a pool that is closed may have waited for.</summary>
    public void NoteFailedOpen()
    {
        if (state.IsClosed)
        {
            CloseInTurn();
        }
    }

    // One at a time, without a lock: so that there is one that is the last, and it is alone with the database.
    private void CloseInTurn()
    {
        if (Interlocked.Increment(ref _closers) > 1)
        {
            return;
        }

        do
        {
            CloseQueued();
        } while (Interlocked.Decrement(ref _closers) > 0);
    }

    /// <summary>
    /// Gives up an entry that has come back, with its permit, for the rent that has waited for a place for longest: as
    /// it is, when that is a rent of this pool, and by closing it otherwise. So no pool keeps its connections while
    /// others wait.
    /// </summary>
    public bool TryYield(PoolEntry<T> entry)
    {
        if (budget.Budget is not { HasWaiters: true } shared)
        {
            return false;
        }

        if (budget.TryHandOver(entry))
        {
            permits.Release();
            return true;
        }

        if (!shared.TryBeginReclaim())
        {
            return false;
        }

        Close(entry, RetireReason.Budget, withPermit: true);
        if (shared.EndReclaim(closed: true))
        {
            shared.Reclaim();
        }

        return true;
    }

    private void CloseQueued()
    {
        // The end of a close or an open that began before will call again.
        while (
            (_queue.Count > 1 || (Volatile.Read(ref _closingNow) == 0 && _entries.Opening == 0))
            && _queue.TryDequeue(out (PoolEntry<T> Entry, RetireReason Reason, bool WithPermit) next)
        )
        {
            state.Source.Close(next.Entry.Value, next.Reason, _entries.IsLast(next.Entry));
            budget.Exit();
            _entries.EndClose(next.Entry, next.Reason);
            if (next.WithPermit)
            {
                permits.ReleaseWhenClosed();
            }
        }
    }
}
