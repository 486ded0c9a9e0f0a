using System.Diagnostics;

namespace Pool.Sqlite.Pooling;

/// <content>The places in an <see cref="OpenBudget{T}"/> that what is open holds, where the pool shares one with others.</content>
internal sealed partial class LeasePool<T>
{
    private readonly OpenBudget<T>? _budget;
    private int _waitingForBudget;

    /// <summary>Everything that is open and not in use at this moment.</summary>
    public IEnumerable<PoolEntry<T>> IdleEntries() =>
        _items.ToArray().Where(static entry => !entry.IsLeased && !entry.IsClosing);

    /// <summary>Closes an idle item, or the one that has been idle for longest. False when there is none.</summary>
    public bool TryEvict(PoolEntry<T> entry)
    {
        if (_slots.TryRemove(entry))
        {
            Close(entry, RetireReason.Budget, withPermit: true);
            return true;
        }

        if (!TryBorrowIdle(out PoolEntry<T>? oldest))
        {
            return false;
        }

        GiveBackIdle(oldest, RetireReason.Budget);
        return true;
    }

    /// <summary>True while something that comes back is waited for, here or by another pool of the same budget.</summary>
    private bool IsAwaited => _waiters.WaiterSignal != 0 || _budget is { HasWaiters: true };

    // In real time, even where the clock stands still: it only says which came back first.
    private void NoteReturn(PoolEntry<T> item)
    {
        if (_budget is not null)
        {
            item.ReturnedAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>What need not be open takes a place that is free, and no other.</summary>
    private bool TryEnterBudget() => _budget is null || _budget.TryEnter(this);

    /// <summary>Takes a place for an item to be opened. When it cannot, the caller's permit has been given back.</summary>
    /// <returns>An item that has come back meanwhile, and has a place; null when the place is for one to be opened.</returns>
    private async ValueTask<PoolEntry<T>?> EnterBudget(
        OpenBudget<T> budget, bool async, Deadline deadline, CancellationToken cancellationToken)
    {
        if (budget.TryEnter(this))
        {
            return null;
        }

        Interlocked.Increment(ref _waitingForBudget);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        (WaitOutcome outcome, PoolEntry<T>? item) =
            await budget.Enter(this, async, deadline.Remaining, end.Token).ConfigureAwait(false);
        Interlocked.Decrement(ref _waitingForBudget);
        TimeSpan waited = deadline.Elapsed;
        if (outcome == WaitOutcome.Granted)
        {
            budget.WaitTimes.Record(waited);
            return item;
        }

        ReleasePermit();
        if (_closed || outcome == WaitOutcome.Closed)
        {
            throw _source.Closed();
        }

        _events?.RentWaited(waited, outcome);
        if (outcome == WaitOutcome.Canceled)
        {
            Interlocked.Increment(ref _cancellations);
            throw new OperationCanceledException(cancellationToken);
        }

        Interlocked.Increment(ref _timeouts);
        throw _source.RentRefused(RentRefusal.BudgetUsedUp, waited);
    }

    /// <summary>
    /// Gives up an item that has come back, with its permit, for the rent that has waited for a place for longest: as it is, when
    /// that is a rent of this pool, and by closing it otherwise. So no pool keeps its connections while others wait.
    /// </summary>
    private bool TryYield(PoolEntry<T> item)
    {
        if (_budget is not { HasWaiters: true } budget)
        {
            return false;
        }

        if (budget.TryHandOver(this, item))
        {
            ReleasePermit();
            return true;
        }

        if (!budget.TryBeginReclaim())
        {
            return false;
        }

        Close(item, RetireReason.Budget, withPermit: true);
        if (budget.EndReclaim(closed: true))
        {
            budget.Reclaim();
        }

        return true;
    }
}
