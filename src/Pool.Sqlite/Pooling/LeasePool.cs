using System.Diagnostics.CodeAnalysis;
using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Pooling;

/// <summary>
/// A bounded pool of anything. A permit is the right to hold an item: taken before one is looked for, kept by what
/// lies in a per-core slot, given back exactly once on every path.
/// </summary>
/// <remarks>
/// No waiter is passed over: a waiter first raises <see cref="WaiterQueue{T}.WaiterSignal"/> and then looks for permits; a
/// return first lays the permit down and then looks for the signal. One of the two sees the other.
/// </remarks>
internal sealed partial class LeasePool<T> : IDisposable
{
    private readonly ILeaseSource<T> _source;
    private readonly LeasePoolOptions _options;
    private readonly TimeProvider _time;
    private readonly IPoolEvents? _events;
    private readonly SemaphoreSlim _permits;
    private readonly LazyQueue<PoolEntry<T>> _idle = new();
    private readonly PerCoreSlots<PoolEntry<T>> _slots;
    private readonly WaiterQueue<PoolEntry<T>> _waiters;
    private readonly EntryRegistry<T> _items = new();
    private readonly bool _checksEveryRent;
    private readonly bool _closesOverflow;
    private readonly CancellationTokenSource _closing = new();
    private volatile bool _closed;
    private int _peak;
    private long _misses;
    private long _timeouts;
    private long _cancellations;
    private long _openFailures;
    private long _healthCheckFailures;

    public LeasePool(
        ILeaseSource<T> source,
        LeasePoolOptions options,
        TimeProvider? time = null,
        IPoolEvents? events = null,
        OpenBudget<T>? budget = null)
    {
        _events = events;
        _budget = budget;
        _source = source;
        _options = options;
        _time = MonotonicTime.For(time);
        _permits = new SemaphoreSlim(options.Permits, options.Permits);
        _slots = new PerCoreSlots<PoolEntry<T>>(Math.Min(Environment.ProcessorCount, options.Permits));
        _waiters = new WaiterQueue<PoolEntry<T>>(_time, options.RentTimeout, options.MaxWaiters);
        _checksEveryRent = source.ChecksEveryRent;
        _closesOverflow = options.OverflowIdleTimeout == TimeSpan.Zero;
    }

    /// <summary>How long rents that had to wait for a permit have waited.</summary>
    public DurationHistogram WaitTimes { get; } = new();

    public int Size => _options.Size;

    public int MaxOverflow => _options.MaxOverflow;

    public bool IsClosed => _closed;

    /// <summary>The fast path: an item from a per-core slot, when nothing about it is due and there is no waiter.</summary>
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

        ReturnToIdle(item);
        item = null;
        return false;
    }

    public PoolEntry<T> Rent(CancellationToken cancellationToken = default) =>
        Blocking.Result(Rent(async: false, _options.RentTimeout, cancellationToken));

    public ValueTask<PoolEntry<T>> RentAsync(CancellationToken cancellationToken = default) =>
        Rent(async: true, _options.RentTimeout, cancellationToken);

    /// <summary>Rents; not asynchronous, it blocks the thread, and is complete when it returns.</summary>
    /// <param name="async">Whether waits may be asynchronous.</param>
    /// <param name="timeout">How long it may take; zero refuses to wait for others, not to open where there is room.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<PoolEntry<T>> Rent(bool async, TimeSpan timeout, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && TryRentFromSlot(out PoolEntry<T>? item)
            ? new ValueTask<PoolEntry<T>>(item)
            : RentCore(async, timeout, cancellationToken);

    public ValueTask<PoolEntry<T>?> RentWithoutWaiting(bool async, CancellationToken cancellationToken) =>
        RentWithoutWaiting(async, _options.RentTimeout, cancellationToken);

    /// <summary>Rents if no other lease has to be returned first; null otherwise.</summary>
    public async ValueTask<PoolEntry<T>?> RentWithoutWaiting(
        bool async, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ThrowIfCanceled(cancellationToken);
        return TryTakePermit(out PoolEntry<T>? item)
            ? await Lend(item, async, new Deadline(_time, timeout), cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Takes back an item together with its permit.</summary>
    public void Return(PoolEntry<T> item, RetireReason reason = RetireReason.None)
    {
        NoteReturn(item);
        item.EndLease();
        if (reason == RetireReason.None
            && item.RetireReason == RetireReason.None
            && !IsAwaited
            && (!_closesOverflow || _items.Open <= _options.Size)
            && _slots.TryPut(item)
            && (!IsAwaited || !_slots.TryRemove(item)))
        {
            return;
        }

        ReturnSlow(item, reason);
    }

    private async ValueTask<PoolEntry<T>> RentCore(bool async, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ThrowIfCanceled(cancellationToken);
        Deadline deadline = new(_time, timeout);
        if (!TryTakePermit(out PoolEntry<T>? item))
        {
            item = await WaitForPermit(async, deadline, cancellationToken).ConfigureAwait(false);
        }

        return await Lend(item, async, deadline, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lends an item for the caller's permit. The permit goes out with the item, or has been given back.</summary>
    private async ValueTask<PoolEntry<T>> Lend(
        PoolEntry<T>? item, bool async, Deadline deadline, CancellationToken cancellationToken)
    {
        // Why the last try was rejected, should the time be up while the next one opens.
        RentRefusal refusal = RentRefusal.TimedOutOpening;
        Exception? cause = null;
        for (int rejections = 0; ;)
        {
            if (item is null && !_idle.TryDequeue(out item) && _budget is not null)
            {
                item = await EnterBudget(_budget, async, deadline, cancellationToken).ConfigureAwait(false);
            }

            bool isNew = item is null;
            item ??= await Open(
                async, OpenDeadline(deadline), _options.Permits, cancellationToken, refusal, cause).ConfigureAwait(false);
            if (item is null)
            {
                // One has been opened for stock meanwhile, so there is one for this permit: look again.
                if (!_closed)
                {
                    continue;
                }

                ReleasePermit();
                throw _source.Closed();
            }

            RetireReason reason = WhyNotLend(item, out Exception? thrown);
            if (reason == RetireReason.None)
            {
                if (isNew)
                {
                    Interlocked.Increment(ref _misses);
                }

                item.BeginLease();
                NotePeak();
                return item;
            }

            // A check that refuses what has just been opened, twice, may refuse everything: it must not make the pool open and
            // close without end.
            bool isRejected = isNew && reason is (RetireReason.Retired or RetireReason.Unhealthy);
            TimeSpan pause = isRejected && rejections++ > 0 ? Backoff.Delay(rejections - 2) : TimeSpan.Zero;
            if (isRejected)
            {
                refusal = reason == RetireReason.Retired ? RentRefusal.RejectedByHook : RentRefusal.RejectedByProbe;
                cause = thrown;
            }

            Exception? failure = WhyGiveUp(isNew ? pause : null, refusal, cause, deadline, cancellationToken);
            Close(item, reason, withPermit: failure is not null);
            item = null;
            if (failure is not null)
            {
                throw failure;
            }

            if (pause > TimeSpan.Zero)
            {
                await PauseForNextTry(async, pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A check that refuses everything must not hold a rent for ever.
    private Exception? WhyGiveUp(
        TimeSpan? pause, RentRefusal refusal, Exception? cause, Deadline deadline, CancellationToken cancellationToken)
    {
        if (_closed)
        {
            return _source.Closed();
        }

        if (cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _cancellations);
            return new OperationCanceledException(cancellationToken);
        }

        if (pause is { } delay && !deadline.Allows(delay))
        {
            Interlocked.Increment(ref _timeouts);
            return _source.RentRefused(refusal, deadline.Elapsed, cause);
        }

        return null;
    }

    /// <summary>Keeps the permit through a pause, unless that ends early.</summary>
    private async ValueTask PauseForNextTry(bool async, TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            await Blocking.Pause(async, pause, _time, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ReleasePermit();
            if (_closed)
            {
                throw _source.Closed();
            }

            Interlocked.Increment(ref _cancellations);
            throw new OperationCanceledException(cancellationToken);
        }
    }

    // A timeout of zero refuses to wait for others, not to open where there is room.
    private Deadline OpenDeadline(Deadline deadline) =>
        deadline.Timeout == TimeSpan.Zero ? new Deadline(_time, Timeout.InfiniteTimeSpan) : deadline;

    private Deadline OpenDeadline() => OpenDeadline(new Deadline(_time, _options.RentTimeout));

    private RetireReason WhyNotLend(PoolEntry<T> item, out Exception? cause)
    {
        cause = null;
        RetireReason reason = WhyRetire(item);
        if (reason == RetireReason.None && (item.IsProbeDue || _checksEveryRent))
        {
            bool probe = item.IsProbeDue;
            if (_source.Check(item.Value, probe, out reason, out cause))
            {
                item.IsProbeDue = false;
                return RetireReason.None;
            }

            NoteFailedCheck(reason);
        }

        return reason;
    }

    private RetireReason WhyRetire(PoolEntry<T> item)
    {
        if (_closed)
        {
            return RetireReason.Closing;
        }

        return item.RetireReason == RetireReason.None && item.HasExpired(_time.GetTimestamp())
            ? RetireReason.Age
            : item.RetireReason;
    }

    private void ReturnSlow(PoolEntry<T> item, RetireReason reason)
    {
        reason = reason == RetireReason.None ? WhyRetire(item) : reason;
        if (reason != RetireReason.None)
        {
            Close(item, reason, withPermit: true);
        }
        else if (TryYield(item) || _waiters.TryGrant(item))
        {
            return;
        }
        else if (_closesOverflow && _items.TryBeginClose(item, floor: _options.Size))
        {
            FinishClose(item, RetireReason.Overflow, withPermit: true);
        }
        else
        {
            ReturnToIdle(item);
        }
    }

    private void NoteFailedCheck(RetireReason reason)
    {
        if (reason == RetireReason.Unhealthy)
        {
            Interlocked.Increment(ref _healthCheckFailures);
        }
    }

    private void ThrowIfCanceled(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _cancellations);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
