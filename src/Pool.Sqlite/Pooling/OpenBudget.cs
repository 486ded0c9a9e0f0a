namespace Pool.Sqlite.Pooling;

/// <summary>
/// The number of items that several pools may have open together. An item holds its place from before it is opened
/// until after it is closed. When all places are taken, the least recently used idle item of any pool is closed; when
/// none is idle, rents wait, first come first served across all pools.
/// </summary>
/// <remarks>
/// No waiter is passed over: a waiter first raises the signal of its queue and then looks for idle items; a return
/// first lays the item down and then looks for the signal. One of the two sees the other. For each waiter at most one
/// item is being closed.
/// </remarks>
internal sealed class OpenBudget<T> : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _places;
    private readonly WaiterQueue<PoolEntry<T>> _waiters;

    // Also what keeps a pool reachable while it has something open.
    private readonly Dictionary<LeasePool<T>, int> _open = [];

    // Those who look for an item to close, or close one; and how many of them have one.
    private int _reclaiming;
    private int _closing;
    private bool _hasMissed;
    private int _peak;
    private long _evictions;
    private long _timeouts;

    public OpenBudget(int size, TimeProvider time)
    {
        Size = size;
        _places = new SemaphoreSlim(size, size);
        _waiters = new WaiterQueue<PoolEntry<T>>(time, Timeout.InfiniteTimeSpan, int.MaxValue);
    }

    public int Size { get; }

    /// <summary>Places that are taken: by what is open, and what is being opened or closed.</summary>
    public int Taken => Size - _places.CurrentCount;

    public int Waiting => _waiters.Count;

    /// <summary>The most places that were taken at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    /// <summary>How many idle items were closed because a rent wanted their place.</summary>
    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>How many rents were refused for want of a place.</summary>
    public long Timeouts => Interlocked.Read(ref _timeouts);

    /// <summary>The time that rents waited for a place.</summary>
    public DurationHistogram WaitTimes { get; } = new();

    public bool HasWaiters => _waiters.WaiterSignal != 0;

    /// <summary>Takes a place if one is free and there is no waiter. The caller owes <see cref="Exit"/>.</summary>
    public bool TryEnter(LeasePool<T> pool)
    {
        if (HasWaiters || !_places.Wait(0, CancellationToken.None))
        {
            return false;
        }

        NoteOpen(pool);
        return true;
    }

    /// <summary>Takes a place, waiting for one if need be.</summary>
    /// <returns>
    /// When granted, a place for which the caller owes <see cref="Exit"/>, perhaps with an item of this pool that has
    /// it.
    /// </returns>
    public async ValueTask<(WaitOutcome Outcome, PoolEntry<T>? Item)> Enter(
        LeasePool<T> pool,
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        // A timeout of zero refuses to wait for leases of others, not for the close of an idle item.
        bool mayWait = timeout != TimeSpan.Zero;
        if (_waiters.TryEnqueue(mayWait ? timeout : Timeout.InfiniteTimeSpan, owner: pool) is not { } waiter)
        {
            return (WaitOutcome.Closed, null);
        }

        GrantFreePlaces();

        // Closing blocks, which is nothing for an asynchronous caller's thread.
        Task reclaim =
            async && !waiter.Task.IsCompleted ? Task.Run(Reclaim, CancellationToken.None) : Task.CompletedTask;
        if (!async)
        {
            Reclaim();
        }

        if (!mayWait)
        {
            await reclaim.ConfigureAwait(false);
            _waiters.Withdraw(waiter, WaitOutcome.TimedOut);
        }

        WaitOutcome outcome = await waiter.Wait(async, cancellationToken).ConfigureAwait(false);
        if (outcome == WaitOutcome.Granted && waiter.Item is null)
        {
            NoteOpen(pool);
        }
        else if (outcome == WaitOutcome.TimedOut)
        {
            Interlocked.Increment(ref _timeouts);
        }

        return (outcome, waiter.Item);
    }

    /// <summary>Gives back a place: what had it is closed, or was not opened.</summary>
    public void Exit(LeasePool<T> pool)
    {
        lock (_lock)
        {
            if (--_open[pool] == 0)
            {
                _open.Remove(pool);
            }
        }

        _places.Release();
        GrantFreePlaces();
    }

    /// <summary>Gives an item that has come back to the first in the queue, when that waits in the same pool.</summary>
    public bool TryHandOver(LeasePool<T> pool, PoolEntry<T> item) => _waiters.TryGrant(item, pool);

    /// <summary>True when the caller shall close an item for a waiter; it owes <see cref="EndReclaim"/>.</summary>
    /// <param name="hasItem">
    /// True when it has one: it need not leave it to those who look for one, and may find none.
    /// </param>
    public bool TryBeginReclaim(bool hasItem = false)
    {
        lock (_lock)
        {
            _hasMissed = _waiters.Count <= (hasItem ? _closing : _reclaiming);
            if (_hasMissed)
            {
                return false;
            }

            _reclaiming++;
            _closing += hasItem ? 1 : 0;
            return true;
        }
    }

    /// <summary>
    /// True when who looked for an item, and has taken one, shall close it: others may have closed theirs meanwhile.
    /// </summary>
    public bool TryBeginClose()
    {
        lock (_lock)
        {
            bool isWanted = _waiters.Count > _closing;
            _closing += isWanted ? 1 : 0;
            return isWanted;
        }
    }

    /// <returns>True when the caller shall look again with <see cref="Reclaim"/>.</returns>
    public bool EndReclaim(bool closed)
    {
        if (closed)
        {
            Interlocked.Increment(ref _evictions);
        }

        lock (_lock)
        {
            // What has become idle since the look at the pools was left to be found by the next look.
            _reclaiming--;
            _closing -= closed ? 1 : 0;
            return closed || _hasMissed;
        }
    }

    /// <summary>
    /// Closes idle items, the least recently used first, as long as there are more waiters than items being closed.
    /// </summary>
    public void Reclaim()
    {
        for (bool again = true; again && HasWaiters && TryBeginReclaim(); )
        {
            bool closed = false;
            try
            {
                closed = TryCloseOldest();
            }
            finally
            {
                again = EndReclaim(closed);
            }
        }
    }

    /// <summary>Fails everything that waits, and that comes.</summary>
    public void Dispose() => _waiters.Dispose();

    private bool TryCloseOldest() =>
        Pools()
            .SelectMany(static pool => pool.IdleEntries())
            .OrderBy(static entry => entry.ReturnedAt)
            .Any(static entry => entry.Pool.TryEvict(entry));

    private LeasePool<T>[] Pools()
    {
        lock (_lock)
        {
            return [.. _open.Keys];
        }
    }

    private void GrantFreePlaces()
    {
        while (_waiters.Count > 0 && _places.Wait(0, CancellationToken.None))
        {
            if (!_waiters.TryGrant(null))
            {
                _places.Release();
            }
        }
    }

    private void NoteOpen(LeasePool<T> pool)
    {
        lock (_lock)
        {
            _open[pool] = _open.GetValueOrDefault(pool) + 1;
            _peak = Math.Max(_peak, Taken);
        }
    }
}
