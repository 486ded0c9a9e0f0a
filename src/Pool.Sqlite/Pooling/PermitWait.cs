namespace Pool.Sqlite.Pooling;

/// <summary>Waits for permits that other leases hold, one or all of them, and for a place in the budget.</summary>
internal sealed class PermitWait<T>(
    PoolState<T> state,
    PermitStore<T> permits,
    BudgetShare<T> budget,
    EntryCloser<T> closer,
    IPoolEvents? events
)
{
    private readonly LeasePoolOptions _options = state.Options;

    /// <summary>Waits for one, which may come with an entry.</summary>
    public async ValueTask<PoolEntry<T>?> ForOne(bool async, Deadline deadline, CancellationToken cancellationToken)
    {
        if (!state.IsClosed && deadline.Timeout == TimeSpan.Zero)
        {
            throw state.Refused(RentRefusal.TimedOutWaiting, TimeSpan.Zero);
        }

        Waiter<PoolEntry<T>>? waiter = permits.Waiters.TryEnqueue(deadline.Timeout);
        if (waiter is null)
        {
            throw state.IsClosed ? state.Source.Closed() : state.Refused(RentRefusal.TooManyWaiters, TimeSpan.Zero);
        }

        ObserveLeases();
        permits.GrantToWaiters();
        WaitOutcome outcome = await waiter.Wait(async, cancellationToken).ConfigureAwait(false);
        TimeSpan waited = deadline.Elapsed;
        events?.RentWaited(waited, outcome);
        if (outcome is WaitOutcome.Granted or WaitOutcome.TimedOut)
        {
            state.Counters.WaitTimes.Record(waited);
        }

        return outcome == WaitOutcome.Granted ? waiter.Item : throw Failure(outcome, waited, cancellationToken);
    }

    /// <summary>Waits for every permit, and closes all there is. <see cref="GiveBack"/> is owed for them.</summary>
    public async Task ForAll(CancellationToken cancellationToken)
    {
        state.Counters.ThrowIfCanceled(cancellationToken);
        Deadline deadline = new(state.Time, _options.RentTimeout);
        bool mayWait = _options.RentTimeout != TimeSpan.Zero;
        TimeSpan timeout = mayWait ? _options.RentTimeout : Timeout.InfiniteTimeSpan;
        Waiter<PoolEntry<T>> waiter =
            permits.Waiters.TryEnqueue(timeout, _options.Permits, always: true) ?? throw state.Source.Closed();
        ObserveLeases();
        permits.GrantToWaiters();
        if (!mayWait)
        {
            permits.Waiters.Withdraw(waiter, WaitOutcome.TimedOut);
        }

        WaitOutcome outcome = await waiter.Wait(async: true, cancellationToken).ConfigureAwait(false);
        foreach (PoolEntry<T> entry in waiter.FurtherItems ?? [])
        {
            permits.EnqueueIdle(entry);
        }

        if (waiter.Item is not null)
        {
            permits.EnqueueIdle(waiter.Item);
        }

        // Held, but not in use.
        permits.BeginHousekeeping(waiter.Permits);
        if (outcome == WaitOutcome.Granted)
        {
            state.Entries.Clear();
            closer.CloseIdle();
            return;
        }

        GiveBack(waiter.Permits);

        // Not counted as a timeout: the statistics and health count refused rents, and no rent was refused.
        throw outcome == WaitOutcome.TimedOut
            ? state.Source.RentRefused(RentRefusal.TimedOutWaitingForAll, deadline.Elapsed)
            : Failure(outcome, deadline.Elapsed, cancellationToken);
    }

    public void GiveBack(int count)
    {
        for (int i = 0; i < count; i++)
        {
            permits.Release();
        }

        permits.EndHousekeeping(count);
        budget.Reclaim();
    }

    /// <summary>
    /// Takes a place for an entry to be opened. When it cannot, the caller's permit has been given back.
    /// </summary>
    /// <returns>
    /// An entry that has come back meanwhile, and has a place; null when the place is for one to be opened.
    /// </returns>
    public async ValueTask<PoolEntry<T>?> ForPlace(bool async, Deadline deadline, CancellationToken cancellationToken)
    {
        if (budget.TryEnter())
        {
            return null;
        }

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken,
            state.Closing
        );
        (WaitOutcome outcome, PoolEntry<T>? entry) = await budget
            .Enter(async, deadline.Remaining, end.Token)
            .ConfigureAwait(false);
        TimeSpan waited = deadline.Elapsed;
        if (outcome == WaitOutcome.Granted)
        {
            budget.Budget!.WaitTimes.Record(waited);
            return entry;
        }

        permits.Release();
        if (state.IsClosed || outcome == WaitOutcome.Closed)
        {
            throw state.Source.Closed();
        }

        events?.RentWaited(waited, outcome);
        throw outcome == WaitOutcome.Canceled
            ? state.Canceled(cancellationToken)
            : state.Refused(RentRefusal.BudgetUsedUp, waited);
    }

    // So that a refusal can say how long those were out for which it waited.
    private void ObserveLeases()
    {
        if (permits.Waiters.Count == 1)
        {
            state.Entries.Observe(state.Time.GetTimestamp());
        }
    }

    private Exception Failure(WaitOutcome outcome, TimeSpan waited, CancellationToken cancellationToken) =>
        outcome switch
        {
            WaitOutcome.Canceled => state.Canceled(cancellationToken),
            WaitOutcome.TimedOut => state.Refused(RentRefusal.TimedOutWaiting, waited),
            _ => state.Source.Closed(),
        };
}
