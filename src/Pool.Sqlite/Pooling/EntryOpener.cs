namespace Pool.Sqlite.Pooling;

/// <summary>Opens entries of a pool, outside every lock, and again when that fails for a reason that passes.</summary>
internal sealed class EntryOpener<T>(
    LeasePool<T> pool,
    PoolState<T> state,
    PermitStore<T> permits,
    BudgetShare<T> budget,
    EntryCloser<T> closer
)
{
    private readonly EntryRegistry<T> _entries = state.Entries;
    private readonly TimeProvider _time = state.Time;

    /// <summary>
    /// Opens an entry for the caller's permit and its place in the budget. They come back with the entry; when there is
    /// none, they have been given back, or will be by the open that was abandoned.
    /// </summary>
    /// <returns>
    /// Null, and the permit still with the caller but not the place, when there are as many as the limit, or all is
    /// closed.
    /// </returns>
    public async ValueTask<PoolEntry<T>?> Open(
        bool async,
        Deadline deadline,
        int limit,
        CancellationToken cancellationToken,
        RentRefusal refusal = RentRefusal.TimedOutOpening,
        Exception? cause = null
    )
    {
        // Announced before it begins: by then others may have come to look how many there will be.
        if (!_entries.TryBeginOpen(limit))
        {
            budget.Exit();
            return null;
        }

        // Off the caller's thread, since opening blocks and cannot be interrupted: a cancellation is answered at once.
        using CancellationTokenSource abandoned = new();
        CancellationToken giveUp = abandoned.Token;
        Task<PoolEntry<T>> opening = async
            ? Task.Run(() => OpenWithRetries(async, deadline, giveUp).AsTask(), CancellationToken.None)
            : OpenWithRetries(async, deadline, cancellationToken).AsTask();
        try
        {
            return async
                ? await opening.WaitAsync(deadline.Remaining, _time, cancellationToken).Exactly().ConfigureAwait(false)
                : opening.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            // Either it failed, or it was abandoned; or it was ready at the very moment the time was up.
            bool timedOut = failure is TimeoutException && !ReferenceEquals(failure, opening.Exception?.InnerException);
            if (timedOut && opening.IsCompletedSuccessfully)
            {
                return await opening.ConfigureAwait(false);
            }

            // What another holds can keep an open waiting until then.
            if (!timedOut && state.Source.IsTransient(failure) && deadline.IsOver)
            {
                timedOut = true;
                cause = failure;
            }

            await abandoned.CancelAsync().ConfigureAwait(false);
            _ = GiveBack(opening);
            if (timedOut)
            {
                throw state.Refused(refusal, deadline.Elapsed, cause);
            }

            if (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                state.Counters.NoteCancellation();
            }

            throw;
        }
    }

    /// <summary>Opens an entry that is to be idle, in one try.</summary>
    /// <returns>Null when there are as many as wanted, or all is closed.</returns>
    public PoolEntry<T>? OpenForStock(int wanted)
    {
        if (!_entries.TryBeginOpen(wanted))
        {
            budget.Exit();
            return null;
        }

        PoolEntry<T>? entry = null;
        int generation = _entries.Generation;
        try
        {
            return entry = OpenOnce(new Deadline(_time, Timeout.InfiniteTimeSpan), CancellationToken.None);
        }
        finally
        {
            EndOpen(entry, generation);
        }
    }

    private async Task GiveBack(Task<PoolEntry<T>> opening)
    {
        try
        {
            PoolEntry<T> entry = await opening.ConfigureAwait(false);
            pool.ReturnSlow(entry, RetireReason.None);
        }
        // Whatever it was: it has been counted, and the caller has its own exception.
        catch
        {
            permits.Release();
        }
    }

    /// <summary>Ends what <see cref="EntryRegistry{T}.TryBeginOpen"/> has announced.</summary>
    private async ValueTask<PoolEntry<T>> OpenWithRetries(bool async, Deadline deadline, CancellationToken abandoned)
    {
        PoolEntry<T>? entry = null;
        int generation = 0;
        try
        {
            for (int retry = 0; ; retry++)
            {
                generation = _entries.Generation;
                try
                {
                    return entry = OpenOnce(deadline, abandoned);
                }
                catch (Exception failure)
                    when (!state.IsClosed
                        && !(failure is OperationCanceledException && abandoned.IsCancellationRequested)
                    )
                {
                    state.Counters.NoteOpenFailure();
                    TimeSpan delay = Backoff.Delay(retry);
                    if (
                        retry >= state.Options.CreateRetries
                        || abandoned.IsCancellationRequested
                        || !deadline.Allows(delay)
                        || !state.Source.IsTransient(failure)
                    )
                    {
                        throw;
                    }

                    state.Source.Retrying(retry + 1, delay);
                    await Blocking.Pause(async, delay, _time, abandoned).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            EndOpen(entry, generation);
        }
    }

    private void EndOpen(PoolEntry<T>? entry, int generation)
    {
        if (entry is not null)
        {
            _entries.EndOpen(entry, generation);
            return;
        }

        // First its place: a pool that is drained holds none.
        budget.Exit();
        _entries.EndOpen(null, generation);
        closer.NoteFailedOpen();
    }

    private PoolEntry<T> OpenOnce(Deadline deadline, CancellationToken abandoned)
    {
        if (state.IsClosed)
        {
            throw state.Source.Closed();
        }

        T value = state.Source.Open(
            deadline.Timeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : deadline.Remaining,
            abandoned
        );
        long now = _time.GetTimestamp();
        PoolEntry<T> entry = new(pool, value, state.Options.Numbers.Next(), now, ExpiresAt(now));
        state.Source.Opened(entry);
        return entry;
    }

    // Up to 2.5 % short of the lifetime, so that what was opened together is not reopened together.
    private long ExpiresAt(long now) =>
        state.Options.MaxLifetime == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : now + (long)(Ticks(state.Options.MaxLifetime) * (1 - (0.025 * Backoff.Jitter())));

    private double Ticks(TimeSpan time) => time.TotalSeconds * _time.TimestampFrequency;
}
