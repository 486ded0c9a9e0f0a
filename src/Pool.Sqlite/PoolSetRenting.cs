using Pool.Sqlite.Configuration;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite;

/// <summary>
/// Rents from the pools of a <see cref="SqlitePoolSet"/>. One that meets the removal of its pool waits for that, and
/// then goes to the new one; one whose pool the caller's code has closed goes to the new one at once.
/// </summary>
internal sealed class PoolSetRenting(PoolSetRegistry registry, SqlitePoolOptions options, TimeProvider time)
{
    /// <summary>The pool of a key, blocking while one is being removed.</summary>
    public SqlitePool GetPool(string key, CancellationToken cancellationToken = default)
    {
        Deadline deadline = new(time, options.RentTimeout);
        for (; ; )
        {
            if (registry.TryGet(key, out Task closing) is { } pool)
            {
                return pool;
            }

            // A removal has a limit of its own; this one keeps its own time, as the thread pool may have no thread to
            // spare.
            long dueAt =
                deadline.Timeout == Timeout.InfiniteTimeSpan
                    ? long.MaxValue
                    : time.GetTimestamp() + (long)(deadline.Remaining.TotalSeconds * time.TimestampFrequency);
            if (!Blocking.Wait(closing, time, dueAt, cancellationToken))
            {
                throw StillBeingRemoved(key, deadline.Elapsed);
            }
        }
    }

    /// <summary>Rents from the pool of a key, blocking the thread.</summary>
    public SqlitePoolConnection RentBlocking(
        string key,
        Func<SqlitePool, CancellationToken, SqlitePoolConnection> rent,
        CancellationToken cancellationToken
    )
    {
        DatabaseKey.Check(key);
        Deadline deadline = new(time, options.RentTimeout);
        for (; ; )
        {
            SqlitePool pool = GetPool(key, cancellationToken);
            try
            {
                return rent(pool, cancellationToken);
            }
            catch (ObjectDisposedException) when (pool.IsClosed)
            {
                // Removed or closed meanwhile.
                if (!deadline.Allows(TimeSpan.Zero))
                {
                    throw AlwaysClosed(key, deadline.Elapsed);
                }
            }
        }
    }

    /// <summary>Rents from the pool of a key.</summary>
    public ValueTask<SqlitePoolConnection> Rent(
        string key,
        Func<SqlitePool, CancellationToken, ValueTask<SqlitePoolConnection>> rent,
        CancellationToken cancellationToken
    )
    {
        DatabaseKey.Check(key);
        if (registry.TryGet(key, out Task closing) is not { } pool)
        {
            return RentWhenClosed(key, closing, rent, cancellationToken);
        }

        // Begun here and not in an asynchronous method, whose caller would not see the mark of a flow that may write.
        ValueTask<SqlitePoolConnection> rented = rent(pool, cancellationToken);
        return rented.IsCompletedSuccessfully ? rented : RentAgainIfRemoved(key, pool, rented, rent, cancellationToken);
    }

    private async ValueTask<SqlitePoolConnection> RentAgainIfRemoved(
        string key,
        SqlitePool pool,
        ValueTask<SqlitePoolConnection> rented,
        Func<SqlitePool, CancellationToken, ValueTask<SqlitePoolConnection>> rent,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await rented.ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (pool.IsClosed)
        {
            // Throws the same when the set is closed.
            return await RentWhenClosed(key, Task.CompletedTask, rent, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<SqlitePoolConnection> RentWhenClosed(
        string key,
        Task closing,
        Func<SqlitePool, CancellationToken, ValueTask<SqlitePoolConnection>> rent,
        CancellationToken cancellationToken
    )
    {
        Deadline deadline = new(time, options.RentTimeout);
        for (; ; )
        {
            try
            {
                await closing.WaitAsync(deadline.Remaining, time, cancellationToken).Exactly().ConfigureAwait(false);
            }
            catch (TimeoutException) when (!closing.IsCompleted)
            {
                throw StillBeingRemoved(key, deadline.Elapsed);
            }
            catch (SqlitePoolTimeoutException)
            {
                // Told to the one that removes it. What is still out does not keep a new pool from being used.
            }

            SqlitePool? pool = registry.TryGet(key, out closing);
            try
            {
                if (pool is not null)
                {
                    return await rent(pool, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (ObjectDisposedException) when (pool!.IsClosed)
            {
                // Removed or closed once more.
                if (!deadline.Allows(TimeSpan.Zero))
                {
                    throw AlwaysClosed(key, deadline.Elapsed);
                }
            }
        }
    }

    private SqlitePoolTimeoutException StillBeingRemoved(string key, TimeSpan waited) =>
        TimedOut(
            $"The pool of the key '{key}' is being removed from its set, which waits for its leases to come back.",
            key,
            waited
        );

    private SqlitePoolTimeoutException AlwaysClosed(string key, TimeSpan waited) =>
        TimedOut($"The pool of the key '{key}' was closed each time it was made anew.", key, waited);

    private SqlitePoolTimeoutException TimedOut(string message, string key, TimeSpan waited) =>
        new(message)
        {
            PoolName = key,
            Waited = waited,
            PoolSize = options.PoolSize,
            MaxOverflow = options.MaxOverflow,
            InUse = 0,
            Waiting = 0,
            LongestHeld = null,
            LongestHeldRentSite = null,
        };
}
