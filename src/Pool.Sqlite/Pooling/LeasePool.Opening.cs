namespace Pool.Sqlite.Pooling;

internal sealed partial class LeasePool<T>
{
    /// <summary>
    /// Opens an item for the caller's permit and its place in the budget. They come back with the item; when there is none, they
    /// have been given back, or will be by the open that was abandoned.
    /// </summary>
    /// <returns>
    /// Null, and the permit still with the caller but not the place, when there are as many as the limit, or all is closed.
    /// </returns>
    private async ValueTask<PoolEntry<T>?> Open(
        bool async,
        Deadline deadline,
        int limit,
        CancellationToken cancellationToken,
        RentRefusal refusal = RentRefusal.TimedOutOpening,
        Exception? cause = null)
    {
        // Announced before it begins: by then others may have come to look how many there will be.
        if (!_items.TryBeginOpen(limit))
        {
            _budget?.Exit(this);
            return null;
        }

        // Off the caller's thread, since opening blocks and cannot be interrupted: who cancels is answered at once.
        using CancellationTokenSource abandoned = new();
        CancellationToken giveUp = abandoned.Token;
        Task<PoolEntry<T>> opening = async
            ? Task.Run(() => OpenWithRetries(async, deadline, giveUp).AsTask(), CancellationToken.None)
            : OpenWithRetries(async, deadline, cancellationToken).AsTask();
        try
        {
            return async
                ? await opening.WaitAsync(deadline.Remaining, _time, cancellationToken).ConfigureAwait(false)
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
            if (!timedOut && _source.IsTransient(failure) && deadline.IsOver)
            {
                timedOut = true;
                cause = failure;
            }

            await abandoned.CancelAsync().ConfigureAwait(false);
            _ = GiveBack(opening);
            if (timedOut)
            {
                Interlocked.Increment(ref _timeouts);
                throw _source.RentRefused(refusal, deadline.Elapsed, cause);
            }

            if (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                Interlocked.Increment(ref _cancellations);
            }

            throw;
        }
    }

    private async Task GiveBack(Task<PoolEntry<T>> opening)
    {
        try
        {
            PoolEntry<T> item = await opening.ConfigureAwait(false);
            ReturnSlow(item, RetireReason.None);
        }
#pragma warning disable CA1031 // Whatever it was: it has been counted, and the caller has its own exception.
        catch
#pragma warning restore CA1031
        {
            ReleasePermit();
        }
    }

    /// <summary>Ends what <see cref="EntryRegistry{T}.TryBeginOpen"/> has announced.</summary>
    private async ValueTask<PoolEntry<T>> OpenWithRetries(bool async, Deadline deadline, CancellationToken abandoned)
    {
        PoolEntry<T>? item = null;
        int generation = 0;
        try
        {
            for (int retry = 0; ; retry++)
            {
                generation = _items.Generation;
                try
                {
                    return item = OpenOnce(deadline, abandoned);
                }
                catch (Exception failure) when (!_closed && !(failure is OperationCanceledException && abandoned.IsCancellationRequested))
                {
                    Interlocked.Increment(ref _openFailures);
                    TimeSpan delay = Backoff.Delay(retry);
                    if (retry >= _options.CreateRetries
                        || abandoned.IsCancellationRequested
                        || !deadline.Allows(delay)
                        || !_source.IsTransient(failure))
                    {
                        throw;
                    }

                    _source.Retrying(retry + 1, delay);
                    await Blocking.Pause(async, delay, _time, abandoned).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (item is null)
            {
                _budget?.Exit(this);
            }

            _items.EndOpen(item, generation);
        }
    }

    private PoolEntry<T> OpenOnce(Deadline deadline, CancellationToken abandoned)
    {
        if (_closed)
        {
            throw _source.Closed();
        }

        T value = _source.Open(deadline.Timeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : deadline.Remaining, abandoned);
        long now = _time.GetTimestamp();
        PoolEntry<T> entry = new(this, value, _options.Numbers.Next(), now, ExpiresAt(now));
        _source.Opened(entry);
        return entry;
    }

    // Up to 2.5 % short of the lifetime, so that what was opened together is not reopened together.
    private long ExpiresAt(long now) => _options.MaxLifetime == Timeout.InfiniteTimeSpan
        ? long.MaxValue
        : now + (long)(Ticks(_options.MaxLifetime) * (1 - (0.025 * Backoff.Jitter())));

    private double Ticks(TimeSpan time) => time.TotalSeconds * _time.TimestampFrequency;
}
