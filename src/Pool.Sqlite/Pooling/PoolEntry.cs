using System.Globalization;

namespace Pool.Sqlite.Pooling;

/// <summary>One open item, with what the pool remembers of it.</summary>
/// <remarks>
/// The holder of the item writes <see cref="Rents"/> and <see cref="IsLeased"/> without a lock; everything that takes
/// time to know (how long it has been idle, or out) is worked out by the housekeeper from how those two change
/// between its rounds, so that a rent and a return read no clock.
/// </remarks>
internal sealed class PoolEntry<T>(LeasePool<T> pool, T value, int number, long openedAt, long expiresAt)
{
    private int _retireReason;
    private long _rents;
    private volatile bool _isLeased;
    private long _seenRents;
    private volatile bool _seenLeased;
    private long _seenAt = openedAt;

    /// <summary>Where it goes back to.</summary>
    public LeasePool<T> Pool { get; } = pool;

    public T Value { get; } = value;

    /// <summary>Counts from 1 within the pools of one database.</summary>
    public int Number { get; } = number;

    /// <summary>How often it was lent.</summary>
    public long Rents => Volatile.Read(ref _rents);

    /// <summary>Names the lease: the number of the entry in the upper, that of the rent in the lower 32 bits.</summary>
    public long LeaseId => ((long)Number << 32) | (Rents & uint.MaxValue);

    /// <summary>The lease as messages name it: entry and rent.</summary>
    public string LeaseName => string.Create(CultureInfo.InvariantCulture, $"{Number}-{Rents & uint.MaxValue}");

    public bool IsLeased => _isLeased;

    /// <summary>True once its closing is decided.</summary>
    public bool IsClosing { get; set; }

    /// <summary>True when it must show that it still works before it is lent.</summary>
    public bool IsProbeDue { get; set; }

    /// <summary>When it was last known to work; a timestamp.</summary>
    public long CheckedAt { get; set; } = openedAt;

    /// <summary>
    /// When it came back last; only kept, and only meant for comparison, in pools that share a budget.
    /// </summary>
    public long ReturnedAt { get; set; }

    /// <summary>
    /// When it last went out or came home, as far as <see cref="Observe"/> has seen it; a timestamp.
    /// </summary>
    public long UnchangedSince => Volatile.Read(ref _seenAt);

    public RetireReason RetireReason => (RetireReason)Volatile.Read(ref _retireReason);

    /// <summary>Marks the item as not to be lent again; the first reason stands.</summary>
    public void Retire(RetireReason reason) =>
        Interlocked.CompareExchange(ref _retireReason, (int)reason, (int)RetireReason.None);

    public bool HasExpired(long now) => now >= expiresAt;

    public void BeginLease()
    {
        Volatile.Write(ref _rents, _rents + 1);
        _isLeased = true;
    }

    public void EndLease() => _isLeased = false;

    /// <summary>
    /// The look of the housekeeper, or of one that wants to know how long it is out. True when the item went out or
    /// came home since the last one.
    /// </summary>
    public bool Observe(long now)
    {
        long rents = Rents;
        bool leased = IsLeased;
        if (rents == Volatile.Read(ref _seenRents) && leased == _seenLeased)
        {
            return false;
        }

        // The time first: a look by another thread meanwhile sees the change itself.
        Volatile.Write(ref _seenAt, now);
        Volatile.Write(ref _seenRents, rents);
        _seenLeased = leased;
        return true;
    }
}
