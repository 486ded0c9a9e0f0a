using System.Diagnostics.CodeAnalysis;
using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Pooling;

/// <summary>
/// A bounded pool of anything. A permit is the right to hold an entry: taken before one is looked for, kept by what
/// lies in a per-core slot, given back exactly once on every path.
/// </summary>
internal sealed class LeasePool<T> : IDisposable
{
    private readonly PoolState<T> _state;
    private readonly LeasePoolOptions _options;
    private readonly IPoolEvents? _events;
    private readonly EntryRegistry<T> _entries;
    private readonly BudgetShare<T> _budget;
    private readonly PermitStore<T> _permits;
    private readonly PerCoreSlots<PoolEntry<T>> _slots;
    private readonly WaiterQueue<PoolEntry<T>> _waiters;
    private readonly EntryCloser<T> _closer;
    private readonly bool _checksEveryRent;
    private readonly bool _closesOverflow;

    // From the first use on: many pools never have one. Those that keep no state may be made twice.
    private EntryOpener<T>? _opener;
    private PermitWait<T>? _wait;
    private EntryLending<T>? _lending;
    private PoolSweep<T>? _sweep;

    public LeasePool(
        ILeaseSource<T> source,
        LeasePoolOptions options,
        TimeProvider? time = null,
        IPoolEvents? events = null,
        OpenBudget<T>? budget = null
    )
    {
        _budget = new BudgetShare<T>(this, budget);
        _events = events;
        _options = options;
        _state = new PoolState<T>(source, options, MonotonicTime.For(time));
        _entries = _state.Entries;
        _permits = new PermitStore<T>(options, _state.Time, _budget, CloseIdleIfClosed);
        _slots = _permits.Slots;
        _waiters = _permits.Waiters;
        _closer = new EntryCloser<T>(_state, _permits, _budget);
        _checksEveryRent = source.ChecksEveryRent;
        _closesOverflow = options.OverflowIdleTimeout == TimeSpan.Zero;
    }

    private EntryOpener<T> Opener => _opener ??= new EntryOpener<T>(this, _state, _permits, _budget, _closer);

    private PermitWait<T> PermitWait => _wait ??= new PermitWait<T>(_state, _permits, _budget, _closer, _events);

    private EntryLending<T> Lending => _lending ??= new EntryLending<T>(_state, _permits, PermitWait, Opener, _closer);

    private PoolSweep<T> Sweeper =>
        Volatile.Read(ref _sweep)
        ?? Interlocked.CompareExchange(ref _sweep, new PoolSweep<T>(_state, _permits, _budget, Opener, _closer), null)
        ?? _sweep!;

    /// <inheritdoc cref="LeaseCounters.WaitTimes"/>
    public DurationHistogram WaitTimes => _state.Counters.WaitTimes;

    public int Size => _options.Size;

    public int MaxOverflow => _options.MaxOverflow;

    public bool IsClosed => _state.IsClosed;

    /// <summary>Ends when the pool is closed and every entry with it.</summary>
    public Task Drained => _entries.Drained;

    /// <summary>How often an entry was lent.</summary>
    public long Rents
    {
        get
        {
            LeaseCounts counts = default;
            _entries.Fill(ref counts);
            return counts.Rents;
        }
    }

    /// <summary>Everything that is open, in use or not.</summary>
    public IEnumerable<T> Values => _entries.ToArray().Select(static item => item.Value);

    /// <summary>Everything that is open and not in use at this moment.</summary>
    public IEnumerable<PoolEntry<T>> IdleEntries() =>
        _entries.ToArray().Where(static entry => !entry.IsLeased && !entry.IsClosing);

    // While something that comes back is waited for, here or by another pool of the same budget.
    private bool IsAwaited => _waiters.WaiterSignal != 0 || _budget.Budget is { HasWaiters: true };

    /// <summary>
    /// The fast path: an entry from a per-core slot, when nothing about it is due and there is no waiter.
    /// </summary>
    public bool TryRentFromSlot([NotNullWhen(true)] out PoolEntry<T>? item)
    {
        item = _waiters.WaiterSignal == 0 && !_checksEveryRent ? _slots.TryTake() : null;
        if (item is null)
        {
            return false;
        }

        if (item.RetireReason == RetireReason.None && !item.IsProbeDue)
        {
            item.BeginLease();
            return true;
        }

        _permits.ReturnToIdle(item);
        item = null;
        return false;
    }

    public PoolEntry<T> Rent(CancellationToken cancellationToken = default) =>
        Blocking.Result(Rent(async: false, _options.RentTimeout, cancellationToken));

    public ValueTask<PoolEntry<T>> RentAsync(CancellationToken cancellationToken = default) =>
        Rent(async: true, _options.RentTimeout, cancellationToken);

    /// <summary>Rents; not asynchronous, it blocks the thread, and is complete when it returns.</summary>
    /// <param name="async">Whether waits may be asynchronous.</param>
    /// <param name="timeout">
    /// How long it may take; zero refuses to wait for others, not to open where there is room.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<PoolEntry<T>> Rent(bool async, TimeSpan timeout, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && TryRentFromSlot(out PoolEntry<T>? item)
            ? new ValueTask<PoolEntry<T>>(item)
            : RentCore(async, timeout, cancellationToken);

    public ValueTask<PoolEntry<T>?> RentWithoutWaiting(bool async, CancellationToken cancellationToken) =>
        RentWithoutWaiting(async, _options.RentTimeout, cancellationToken);

    /// <summary>Rents if no other lease has to be returned first; null otherwise.</summary>
    public async ValueTask<PoolEntry<T>?> RentWithoutWaiting(
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        _state.Counters.ThrowIfCanceled(cancellationToken);
        Deadline deadline = new(_state.Time, timeout);
        return _permits.TryTake(out PoolEntry<T>? item)
            ? await Lending.Lend(item, async, deadline, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Takes back an entry together with its permit.</summary>
    public void Return(PoolEntry<T> item, RetireReason reason = RetireReason.None)
    {
        _budget.NoteReturn(item);
        item.EndLease();
        if (
            reason == RetireReason.None
            && item.RetireReason == RetireReason.None
            && !IsAwaited
            && (!_closesOverflow || _entries.Open <= _options.Size)
            && _slots.TryPut(item)
            && (!IsAwaited || !_slots.TryRemove(item))
        )
        {
            return;
        }

        ReturnSlow(item, reason);
    }

    /// <summary>As <see cref="Return"/>, for what does not go into a per-core slot.</summary>
    public void ReturnSlow(PoolEntry<T> item, RetireReason reason)
    {
        reason = _state.WhyRetire(item, reason);
        if (reason != RetireReason.None)
        {
            _closer.Close(item, reason, withPermit: true);
        }
        else if (_closer.TryYield(item) || _waiters.TryGrant(item))
        {
            return;
        }
        else if (_closesOverflow && _state.TryBeginClose(item, floor: _options.Size))
        {
            _closer.FinishClose(item, RetireReason.Overflow, withPermit: true);
        }
        else
        {
            _permits.ReturnToIdle(item);
        }
    }

    /// <inheritdoc cref="PoolSweep{T}"/>
    public void Sweep() => Sweeper.Run();

    /// <inheritdoc cref="PoolSweep{T}.TryEvict"/>
    public bool TryEvict(PoolEntry<T> entry) => Sweeper.TryEvict(entry);

    /// <inheritdoc cref="PoolSweep{T}.Clear"/>
    public void Clear() => Sweeper.Clear();

    /// <summary>Opens entries until the base size is reached, as far as permits are free.</summary>
    public async Task WarmUp(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (_entries.Open < _options.Size && !IsClosed && _permits.TryTakeForHousekeeping())
        {
            try
            {
                if (!_budget.TryEnter())
                {
                    _permits.Release();
                    break;
                }

                Deadline deadline = _state.OpenDeadline(new Deadline(_state.Time, _options.RentTimeout));
                PoolEntry<T>? item = await Opener
                    .Open(async: true, deadline, _options.Size, cancellationToken)
                    .ConfigureAwait(false);
                _permits.ReturnToIdle(item);
                if (item is null)
                {
                    break;
                }
            }
            finally
            {
                _permits.EndHousekeeping();
            }
        }

        if (IsClosed)
        {
            throw _state.Source.Closed();
        }
    }

    /// <summary>Waits for every permit, and closes all there is. The caller owes <see cref="EndExclusive"/>.</summary>
    public Task BeginExclusive(CancellationToken cancellationToken) => PermitWait.ForAll(cancellationToken);

    public void EndExclusive() => PermitWait.GiveBack(_options.Permits);

    public LeaseCounts Count()
    {
        LeaseCounts counts = new() { Waiting = _waiters.Count + _budget.Waiting };
        _state.Counters.Fill(ref counts);
        _entries.Fill(ref counts);
        return counts;
    }

    /// <summary>
    /// What is out, with how long it has been: since the last round of the housekeeper, the last look with this, or the
    /// beginning of a wait has seen it, so short by at most the time between two of these.
    /// </summary>
    public IEnumerable<(PoolEntry<T> Item, TimeSpan Held)> Leased()
    {
        long now = _state.Time.GetTimestamp();
        _entries.Observe(now);
        return from item in _entries.ToArray()
            where item.IsLeased
            // The housekeeper may have seen it since the clock was read.
            let held = _state.Time.GetElapsedTime(item.UnchangedSince, now)
            select (item, held < TimeSpan.Zero ? TimeSpan.Zero : held);
    }

    /// <summary>Fails all waiters and all later rents, closes what is idle; what is out closes on its return.</summary>
    public void Dispose()
    {
        _state.Close();
        _waiters.Dispose();
        _closer.CloseIdle();
        _entries.Drain();
    }

    private void CloseIdleIfClosed()
    {
        if (IsClosed)
        {
            _closer.CloseIdle();
        }
    }

    private async ValueTask<PoolEntry<T>> RentCore(bool async, TimeSpan timeout, CancellationToken cancellationToken)
    {
        _state.Counters.ThrowIfCanceled(cancellationToken);
        Deadline deadline = new(_state.Time, timeout);
        if (!_permits.TryTake(out PoolEntry<T>? item))
        {
            item = await PermitWait.ForOne(async, deadline, cancellationToken).ConfigureAwait(false);
        }

        return await Lending.Lend(item, async, deadline, cancellationToken).ConfigureAwait(false);
    }
}
