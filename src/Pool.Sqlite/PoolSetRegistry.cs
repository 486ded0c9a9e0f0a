using System.Collections.Concurrent;

namespace Pool.Sqlite;

/// <summary>
/// The pools of a <see cref="SqlitePoolSet"/> by their keys: made when they are asked for, let go when they are not
/// used or too many, made anew after they were removed, or closed by the caller's code.
/// </summary>
/// <param name="make">Makes the pool of a key.</param>
/// <param name="maxPools">How many are kept, unless more are in use.</param>
/// <param name="idleTimeout">After which one that is not used is let go.</param>
/// <param name="time">The clock.</param>
internal sealed class PoolSetRegistry(
    Func<string, SqlitePool> make,
    int maxPools,
    TimeSpan idleTimeout,
    TimeProvider time
)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, PoolSetMember> _members = new(StringComparer.Ordinal);
    private volatile bool _isClosed;
    private PoolSetRounds? _rounds;
    private int _kept;
    private long _made;
    private long _closed;

    /// <summary>Pools that were made.</summary>
    public long Made => Interlocked.Read(ref _made);

    /// <summary>Pools that were let go.</summary>
    public long LetGone => Interlocked.Read(ref _closed);

    /// <summary>The pools that are kept.</summary>
    public IEnumerable<(string Key, SqlitePool Pool)> Kept
    {
        get
        {
            foreach (PoolSetMember member in _members.Values)
            {
                if (member.Pool is { IsClosed: false } pool)
                {
                    yield return (member.Key, pool);
                }
            }
        }
    }

    /// <summary>
    /// The pool of a key that is known to be one; null while one is being closed, which <paramref name="closing"/>
    /// ends.
    /// </summary>
    public SqlitePool? TryGet(string key, out Task closing)
    {
        closing = Task.CompletedTask;
        if (_members.TryGetValue(key, out PoolSetMember? known) && known.Pool is { IsClosed: false } kept)
        {
            known.Use(time.GetTimestamp());
            return kept;
        }

        // Made outside of the lock, since that calls the caller's code. One that is not needed after all has opened
        // nothing.
        for (SqlitePool? fresh = null; ; fresh = Make(key))
        {
            if (TryGet(key, ref closing, fresh, out SqlitePool? pool))
            {
                fresh = fresh == pool ? null : fresh;
                fresh?.Dispose();
                return pool;
            }
        }
    }

    /// <summary>Begins to close the pool of a key, or meets one that has begun.</summary>
    /// <returns>Ends when it is closed, or fails when leases are still out; null when there is no pool.</returns>
    public Task? Remove(string key)
    {
        lock (_lock)
        {
            if (!_members.TryGetValue(key, out PoolSetMember? member) || member.Closing is not null)
            {
                return member?.Closing;
            }

            SqlitePool[] pools = member.NotClosed;
            ReplaceIfClosed(member);
            if (pools.Length == 0)
            {
                return null;
            }

            _kept -= member.Pool is null ? 0 : 1;
            TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            member.Remove(closed.Task);
            _ = CloseRemoved(member, pools, closed);
            return closed.Task;
        }
    }

    /// <summary>Refuses everything from now on.</summary>
    /// <returns>What is to be closed.</returns>
    public SqlitePool[] Close(out Task[] closing)
    {
        PoolSetRounds? rounds;
        SqlitePool[] pools;
        lock (_lock)
        {
            _isClosed = true;
            rounds = _rounds;
            closing = [.. _members.Values.Select(static member => member.Closing).OfType<Task>()];
            pools = [.. _members.Values.SelectMany(static member => member.NotClosed)];
            _members.Clear();
        }

        rounds?.Dispose();
        return pools;
    }

    /// <summary>False when a fresh pool is needed, and not there yet.</summary>
    private bool TryGet(string key, ref Task closing, SqlitePool? fresh, out SqlitePool? pool)
    {
        // A clock may run the callbacks of its timers when it is read: so with no lock held.
        long now = time.GetTimestamp();
        PoolSetRounds rounds;
        lock (_lock)
        {
            pool = null;
            ObjectDisposedException.ThrowIf(_isClosed, typeof(SqlitePoolSet));
            PoolSetMember member = _members.GetOrAdd(key, static key => new PoolSetMember(key));
            if (member.Closing is not null)
            {
                closing = member.Closing;
                return true;
            }

            ReplaceIfClosed(member);
            pool = member.Pool ?? Revive(member, fresh);
            if (pool is null)
            {
                return false;
            }

            member.Use(now);
            rounds = _rounds ??= new PoolSetRounds(LetIdlePoolsGo, idleTimeout, time);
        }

        rounds.Start();
        return true;
    }

    // Code that was given the pool before it was let go may have it still: then that is the pool again.
    private SqlitePool? Revive(PoolSetMember member, SqlitePool? fresh)
    {
        SqlitePool? existing = member.Existing;
        existing?.EndRest();
        if ((existing ?? fresh) is not { } pool)
        {
            return null;
        }

        member.Keep(pool);
        if (++_kept > maxPools)
        {
            LetSurplusGo(except: member);
        }

        return pool;
    }

    private void LetSurplusGo(PoolSetMember except)
    {
        foreach (PoolSetMember member in _members.Values)
        {
            ReplaceIfClosed(member);
        }

        if (_kept > maxPools && LeastRecentlyUsed(except) is { } surplus)
        {
            LetGo(surplus);
        }
    }

    private void ReplaceIfClosed(PoolSetMember member)
    {
        if (member.IsClosedByCaller)
        {
            _kept -= member.Pool is null ? 0 : 1;
            member.Replace();
        }
    }

    private SqlitePool Make(string key)
    {
        SqlitePool pool = make(key);
        Interlocked.Increment(ref _made);
        return pool;
    }

    private PoolSetMember? LeastRecentlyUsed(PoolSetMember except) =>
        _members
            .Values.Where(member => member.Pool is not null && member != except)
            .OrderBy(static member => member.LastUse)
            .FirstOrDefault(static member => !member.Pool!.Activity().IsInUse);

    // Closing files blocks, which is nothing for the lock.
    private void LetGo(PoolSetMember member)
    {
        _kept--;
        Interlocked.Increment(ref _closed);
        SqlitePool pool = member.LetGo();
        pool.BeginRest();
        ThreadPool.UnsafeQueueUserWorkItem(static pool => pool.CloseIdle(), pool, preferLocal: false);
    }

    private void LetIdlePoolsGo()
    {
        foreach (PoolSetMember member in _members.Values)
        {
            // Asked before the lock is taken, and again under it.
            long now = time.GetTimestamp();
            bool isIdle = member.IsIdleFor(idleTimeout, time, now);
            if (!isIdle && member.Pool is { IsClosed: false })
            {
                continue;
            }

            lock (_lock)
            {
                ReplaceIfClosed(member);
                if (isIdle && member.IsIdleFor(idleTimeout, time, now))
                {
                    LetGo(member);
                }
                else if (member.Pool is null && member.Existing is { } pool && pool.Activity().IsInUse)
                {
                    KeepAgain(member, pool, now);
                }
                else if (member.IsForgotten)
                {
                    _members.TryRemove(KeyValuePair.Create(member.Key, member));
                }
            }
        }
    }

    // Code that has kept the pool goes on using it.
    private void KeepAgain(PoolSetMember member, SqlitePool pool, long now)
    {
        _kept++;
        pool.EndRest();
        member.Keep(pool);
        member.Use(now);
    }

    private async Task CloseRemoved(PoolSetMember member, SqlitePool[] pools, TaskCompletionSource closed)
    {
        Exception? failure = null;
        try
        {
            await Task.WhenAll(
                    pools.Select(static pool => Task.Run(async () => await pool.DisposeAsync().ConfigureAwait(false)))
                )
                .ConfigureAwait(false);
            failure = pools.Select(static pool => pool.WhyNotClosed()).FirstOrDefault(static why => why is not null);
        }
        // Told to the one that removes it.
        catch (Exception e)
        {
            failure = e;
        }

        lock (_lock)
        {
            member.Closing = null;
        }

        if (failure is null)
        {
            closed.SetResult();
        }
        else
        {
            closed.SetException(failure);
            _ = closed.Task.Exception;
        }
    }
}
