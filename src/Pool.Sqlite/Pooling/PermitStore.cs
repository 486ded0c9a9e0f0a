using System.Diagnostics.CodeAnalysis;

namespace Pool.Sqlite.Pooling;

/// <summary>The permits of a pool, and the idle entries that they can be spent on.</summary>
/// <remarks>
/// No waiter is passed over: a waiter first raises <see cref="WaiterQueue{T}.WaiterSignal"/> and then looks for
/// permits; a return first lays the permit down and then looks for the signal. One of the two sees the other.
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A semaphore without a wait handle holds nothing to be given back."
)]
internal sealed class PermitStore<T>
{
    private readonly int _count;
    private readonly Action _granted;
    private readonly BudgetShare<T> _budget;
    private readonly SemaphoreSlim _permits;
    private readonly LazyQueue<PoolEntry<T>> _idle = new();
    private readonly PerCoreSlots<PoolEntry<T>> _slots;
    private readonly WaiterQueue<PoolEntry<T>> _waiters;
    private int _housekeeping;

    /// <param name="options">How many permits there are, and how waits for them are bounded.</param>
    /// <param name="time">The clock of the waits.</param>
    /// <param name="budget">What other pools may wait for.</param>
    /// <param name="granted">
    /// Called when waiters have been served: what is idle in a closed pool is then to be closed.
    /// </param>
    public PermitStore(LeasePoolOptions options, TimeProvider time, BudgetShare<T> budget, Action granted)
    {
        _count = options.Permits;
        _granted = granted;
        _budget = budget;
        _permits = new SemaphoreSlim(options.Permits, options.Permits);
        _slots = new PerCoreSlots<PoolEntry<T>>(Math.Min(Environment.ProcessorCount, options.Permits));
        _waiters = new WaiterQueue<PoolEntry<T>>(time, options.RentTimeout, options.MaxWaiters);
    }

    /// <summary>Entries that came back with their permits, and keep them.</summary>
    public PerCoreSlots<PoolEntry<T>> Slots => _slots;

    public WaiterQueue<PoolEntry<T>> Waiters => _waiters;

    /// <summary>How many entries are idle outside the slots.</summary>
    public int Idle => _idle.Count;

    /// <summary>How many permits are taken, by those in the slots as well.</summary>
    public int Taken => _count - _permits.CurrentCount;

    /// <summary>How many permits are held by housekeeping: held, but not in use.</summary>
    public int Housekeeping => Volatile.Read(ref _housekeeping);

    /// <summary>Takes a permit, perhaps with an entry, unless there are waiters.</summary>
    public bool TryTake(out PoolEntry<T>? entry)
    {
        entry = null;
        if (_waiters.WaiterSignal != 0)
        {
            return false;
        }

        entry = _slots.TryTake();
        if (entry is null && !_permits.Wait(0, CancellationToken.None))
        {
            return false;
        }

        return true;
    }

    /// <summary>Takes an idle entry for a permit that the caller has.</summary>
    public bool TryDequeueIdle([NotNullWhen(true)] out PoolEntry<T>? entry) => _idle.TryDequeue(out entry);

    /// <summary>Lays an entry where the slow path finds it; its permit stays with the caller.</summary>
    public void EnqueueIdle(PoolEntry<T> entry) => _idle.Enqueue(entry);

    /// <summary>Lays an entry, if there is one, and its permit where the slow path finds them.</summary>
    public void ReturnToIdle(PoolEntry<T>? entry)
    {
        if (entry is not null)
        {
            _idle.Enqueue(entry);
        }

        Release();
        _budget.Reclaim();
    }

    public void Release()
    {
        _permits.Release();
        if (_waiters.WaiterSignal != 0)
        {
            GrantToWaiters();
        }
    }

    /// <summary>As <see cref="Release"/>, in a pool that is closed: there are no waiters any more.</summary>
    public void ReleaseWhenClosed() => _permits.Release();

    /// <summary>Gives what permits there are to the waiters, in their order.</summary>
    public void GrantToWaiters()
    {
        while (_waiters.Count > 0)
        {
            PoolEntry<T>? entry = _slots.TryTake();
            if (entry is null && !_permits.Wait(0, CancellationToken.None))
            {
                return;
            }

            if (!_waiters.TryGrant(entry))
            {
                if (entry is not null)
                {
                    _idle.Enqueue(entry);
                }

                _permits.Release();
                _budget.Reclaim();
            }
        }

        _granted();
    }

    /// <summary>Lays the entries of the slots where the slow path finds them.</summary>
    public void FlushSlots()
    {
        while (_slots.TryTake() is { } entry)
        {
            ReturnToIdle(entry);
        }
    }

    /// <summary>
    /// Takes a permit for housekeeping, unless there are waiters; <see cref="EndHousekeeping"/> is owed for it.
    /// </summary>
    public bool TryTakeForHousekeeping()
    {
        Interlocked.Increment(ref _housekeeping);
        if (_waiters.WaiterSignal == 0 && _permits.Wait(0, CancellationToken.None))
        {
            return true;
        }

        Interlocked.Decrement(ref _housekeeping);
        return false;
    }

    /// <summary>Takes an idle entry and a permit for housekeeping.</summary>
    public bool TryBorrowIdle([NotNullWhen(true)] out PoolEntry<T>? entry)
    {
        entry = null;
        if (!TryTakeForHousekeeping())
        {
            return false;
        }

        if (_idle.TryDequeue(out entry))
        {
            return true;
        }

        Interlocked.Decrement(ref _housekeeping);
        Release();
        return false;
    }

    /// <summary>Permits that are held are housekeeping's from now on.</summary>
    public void BeginHousekeeping(int permits) => Interlocked.Add(ref _housekeeping, permits);

    /// <summary>The permit of a housekeeping is in other hands, or given back.</summary>
    public void EndHousekeeping(int permits = 1) => Interlocked.Add(ref _housekeeping, -permits);
}
