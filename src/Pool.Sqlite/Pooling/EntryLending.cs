namespace Pool.Sqlite.Pooling;

/// <summary>Finds an entry for a permit: an idle one that passes its checks, or a new one.</summary>
internal sealed class EntryLending<T>(
    PoolState<T> state,
    PermitStore<T> permits,
    PermitWait<T> wait,
    EntryOpener<T> opener,
    EntryCloser<T> closer
)
{
    private readonly bool _checksEveryRent = state.Source.ChecksEveryRent;

    /// <summary>
    /// Lends an entry for the caller's permit. The permit goes out with the entry, or has been given back.
    /// </summary>
    public async ValueTask<PoolEntry<T>> Lend(
        PoolEntry<T>? entry,
        bool async,
        Deadline deadline,
        CancellationToken cancellationToken
    )
    {
        // Why the last try was rejected, should the time be up while the next one opens.
        RentRefusal refusal = RentRefusal.TimedOutOpening;
        Exception? cause = null;
        bool isNew = false;
        for (int rejections = 0; ; )
        {
            if (entry is null)
            {
                if (!permits.TryDequeueIdle(out entry))
                {
                    entry = await wait.ForPlace(async, deadline, cancellationToken).ConfigureAwait(false);
                }

                isNew = entry is null;
            }

            entry ??= await opener
                .Open(async, state.OpenDeadline(deadline), state.Options.Permits, cancellationToken, refusal, cause)
                .ConfigureAwait(false);
            if (entry is null)
            {
                // One has been opened for stock meanwhile, so there is one for this permit: look again.
                if (!state.IsClosed)
                {
                    continue;
                }

                permits.Release();
                throw state.Source.Closed();
            }

            RetireReason reason = WhyNotLend(entry, out Exception? thrown);
            if (reason == RetireReason.None)
            {
                return Begin(entry, isNew);
            }

            // A check that refuses what has just been opened, twice, may refuse everything: it must not make the pool
            // open and close without end. What is kept all the same is asked for again, in the same manner.
            bool isKept = state.WhyRetire(entry, reason) == RetireReason.None;
            bool isRejected = (isNew || isKept) && reason is (RetireReason.Retired or RetireReason.Unhealthy);
            TimeSpan pause = isRejected && rejections++ > 0 ? Backoff.Delay(rejections - 2) : TimeSpan.Zero;
            if (isRejected)
            {
                refusal = reason == RetireReason.Retired ? RentRefusal.RejectedByHook : RentRefusal.RejectedByProbe;
                cause = thrown;
            }

            Exception? failure = WhyGiveUp(isNew || isKept ? pause : null, refusal, cause, deadline, cancellationToken);
            if (!isKept)
            {
                closer.Close(entry, reason, withPermit: failure is not null);
                entry = null;
            }
            else if (failure is not null)
            {
                permits.ReturnToIdle(entry);
            }

            if (failure is not null)
            {
                throw failure;
            }

            if (pause > TimeSpan.Zero)
            {
                await PauseForNextTry(entry, async, pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private PoolEntry<T> Begin(PoolEntry<T> entry, bool isNew)
    {
        if (isNew)
        {
            state.Counters.NoteMiss();
        }

        entry.BeginLease();
        NotePeak();
        return entry;
    }

    // Only after a lease that came the slow way: taking an entry from a per-core slot cannot raise the peak, since
    // whatever lies there was out when the last permit was taken.
    private void NotePeak()
    {
        bool isHousekeeping = permits.Housekeeping > 0;
        int held = permits.Taken;
        if (held > state.Counters.Peak)
        {
            // Also after the look at the permits: it may have taken one of them in between.
            isHousekeeping |= permits.Housekeeping > 0;
            state.Counters.NotePeak(isHousekeeping ? state.Entries.CountLeased() : held);
        }
    }

    private RetireReason WhyNotLend(PoolEntry<T> entry, out Exception? cause)
    {
        cause = null;
        RetireReason reason = state.WhyRetire(entry);
        if (reason == RetireReason.None && (entry.IsProbeDue || _checksEveryRent))
        {
            bool probe = entry.IsProbeDue;
            if (state.Source.Check(entry.Value, probe, out reason, out cause))
            {
                entry.IsProbeDue = false;
                return RetireReason.None;
            }

            state.Counters.NoteFailedCheck(reason);
        }

        return reason;
    }

    // A check that refuses everything must not hold a rent for ever.
    private Exception? WhyGiveUp(
        TimeSpan? pause,
        RentRefusal refusal,
        Exception? cause,
        Deadline deadline,
        CancellationToken cancellationToken
    )
    {
        if (state.IsClosed)
        {
            return state.Source.Closed();
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return state.Canceled(cancellationToken);
        }

        return pause is { } delay && !deadline.Allows(delay) ? state.Refused(refusal, deadline.Elapsed, cause) : null;
    }

    /// <summary>Keeps the permit, and the entry if there is one, through a pause, unless that ends early.</summary>
    private async ValueTask PauseForNextTry(
        PoolEntry<T>? entry,
        bool async,
        TimeSpan pause,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken,
                state.Closing
            );
            await Blocking.Pause(async, pause, state.Time, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            permits.ReturnToIdle(entry);
            throw state.IsClosed ? state.Source.Closed() : state.Canceled(cancellationToken);
        }
    }
}
