using System.Diagnostics;

namespace Pool.Sqlite;

/// <summary>
/// One database of a <see cref="SqlitePoolSet"/>. Its pool is kept while it is used. One that is not is let go: its
/// files are closed, and it is held weakly, so that code which still has it goes on with the same pool. The set's lock
/// guards the changes. A pool that the caller's code has closed is not lent again; while something of it is still open it
/// is remembered, for the one that removes the key or closes the set.
/// </summary>
internal sealed class PoolSetMember(string key)
{
    private volatile SqlitePool? _pool;
    private WeakReference<SqlitePool>? _let;
    private List<SqlitePool>? _closedByCaller;
    private long _usedAt;
    private long _lastUse;
    private long _seenRents;

    public string Key => key;

    /// <summary>The pool, while it is kept.</summary>
    public SqlitePool? Pool => _pool;

    /// <summary>Ends when the pool that was removed is closed; null when none is being.</summary>
    public Task? Closing { get; set; }

    /// <summary>For comparison: larger is later.</summary>
    public long LastUse => Volatile.Read(ref _lastUse);

    /// <summary>True when there is nothing left to be remembered.</summary>
    public bool IsForgotten => Closing is null && Existing is null && !NotShut.Any();

    /// <summary>The pool, kept or let go; null when there is none any more.</summary>
    public SqlitePool? Existing => _pool ?? (_let is { } let && let.TryGetTarget(out SqlitePool? pool) ? pool : null);

    /// <summary>True when there is a pool, and the caller's code has closed it.</summary>
    public bool IsClosedByCaller => Existing is { IsClosed: true };

    /// <summary>Every pool of which something may be open.</summary>
    public SqlitePool[] NotClosed => Existing is { IsShut: false } pool ? [.. NotShut, pool] : [.. NotShut];

    private IEnumerable<SqlitePool> NotShut => _closedByCaller?.Where(static pool => !pool.IsShut) ?? [];

    /// <param name="now">A timestamp of the set's clock.</param>
    public void Use(long now)
    {
        Volatile.Write(ref _usedAt, now);
        Volatile.Write(ref _lastUse, Stopwatch.GetTimestamp());
    }

    public void Keep(SqlitePool pool)
    {
        _let = null;
        _pool = pool;
    }

    /// <summary>Makes room for another pool in place of one that the caller's code has closed.</summary>
    public void Replace()
    {
        _closedByCaller = [.. NotClosed];
        _pool = null;
        _let = null;
    }

    /// <summary>Forgets what there is, which is being closed.</summary>
    public void Remove(Task closing)
    {
        _pool = null;
        _let = null;
        _closedByCaller = null;
        Closing = closing;
    }

    /// <summary>Holds the pool weakly from now on. The caller has it close its files.</summary>
    public SqlitePool LetGo()
    {
        SqlitePool pool = _pool!;
        _let = new WeakReference<SqlitePool>(pool);
        _pool = null;
        return pool;
    }

    /// <summary>True when the pool was not used for that long, and is not now.</summary>
    public bool IsIdleFor(TimeSpan timeout, TimeProvider time, long now)
    {
        if (_pool is not { } pool)
        {
            return false;
        }

        // Code that has the pool rents from it without asking the set.
        (long rents, bool isInUse) = pool.Activity();
        if (rents != _seenRents || isInUse)
        {
            _seenRents = rents;
            Volatile.Write(ref _usedAt, now);
        }

        return time.GetElapsedTime(Volatile.Read(ref _usedAt), now) >= timeout;
    }
}
