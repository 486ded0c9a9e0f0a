namespace Pool.Sqlite.Leasing;

internal sealed partial class LeasePool<T>
{
    /// <summary>
    /// Opens an item for the caller's permit. The permit comes back with the item; when there is none, it has been
    /// given back, or will be by the open that nobody waits for any more.
    /// </summary>
    /// <returns>Null, and the permit still with the caller, when there are as many items as the limit.</returns>
    private async ValueTask<PoolItem<T>?> Open(
        bool async, Deadline deadline, CancellationToken cancellationToken, int limit = int.MaxValue)
    {
        // Off the caller's thread, since opening blocks and cannot be interrupted: who cancels is answered at once.
        using CancellationTokenSource abandoned = new();
        Task<PoolItem<T>?> opening = async
            ? Task.Run(() => OpenWithRetries(async, deadline, limit, abandoned.Token).AsTask(), CancellationToken.None)
            : OpenWithRetries(async, deadline, limit, cancellationToken).AsTask();
        try
        {
            return async
                ? await opening.WaitAsync(deadline.Remaining, _time, cancellationToken).ConfigureAwait(false)
                : opening.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            // Either it failed, or nobody waits for it any more; or it was ready at the very moment the time was up.
            bool timedOut = failure is TimeoutException && !ReferenceEquals(failure, opening.Exception?.InnerException);
            if (timedOut && opening.IsCompletedSuccessfully)
            {
                return await opening.ConfigureAwait(false);
            }

            await abandoned.CancelAsync().ConfigureAwait(false);
            _ = GiveBack(opening);
            if (timedOut)
            {
                Interlocked.Increment(ref _timeouts);
                throw _source.RentRefused(RentRefusal.TimedOutOpening, deadline.Elapsed);
            }

            if (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                Interlocked.Increment(ref _cancellations);
            }

            throw;
        }
    }

    private async Task GiveBack(Task<PoolItem<T>?> opening)
    {
        try
        {
            if (await opening.ConfigureAwait(false) is { } item)
            {
                ReturnSlow(item, RetireReason.None);
            }
            else
            {
                ReleasePermit();
            }
        }
#pragma warning disable CA1031 // Whatever it was: it has been counted, and the caller has its own exception.
        catch
#pragma warning restore CA1031
        {
            ReleasePermit();
        }
    }

    private async ValueTask<PoolItem<T>?> OpenWithRetries(
        bool async, Deadline deadline, int limit, CancellationToken abandoned)
    {
        for (int retry = 0; ; retry++)
        {
            try
            {
                return OpenOnce(limit);
            }
            catch (Exception failure) when (failure is not ObjectDisposedException)
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

                Task pause = Task.Delay(delay, _time, abandoned);
                if (async)
                {
                    await pause.ConfigureAwait(false);
                }
                else
                {
                    pause.GetAwaiter().GetResult();
                }
            }
        }
    }

    private PoolItem<T>? OpenOnce(int limit)
    {
        int generation = _items.Generation;
        PoolItem<T>? item = null;
        if (!_items.TryBeginOpen(limit))
        {
            return null;
        }

        try
        {
            if (_closed)
            {
                throw _source.Closed();
            }

            T value = _source.Open();
            long now = _time.GetTimestamp();
            return item = new PoolItem<T>(this, value, _items.NextNumber(), now, ExpiresAt(now));
        }
        finally
        {
            _items.EndOpen(item, generation);
        }
    }

    // Up to 2.5 % short of the lifetime, so that what was opened together is not reopened together.
    private long ExpiresAt(long now) => _options.MaxLifetime == Timeout.InfiniteTimeSpan
        ? long.MaxValue
        : now + (long)(Ticks(_options.MaxLifetime) * (1 - (0.025 * Backoff.Jitter())));

    private double Ticks(TimeSpan time) => time.TotalSeconds * _time.TimestampFrequency;
}
