namespace Pool.Sqlite.Pooling;

/// <summary>
/// Waiters, served first come first served, synchronous and asynchronous alike. One timer, set for the earliest of their
/// deadlines, serves all.
/// </summary>
internal sealed class WaiterQueue<T> : IDisposable
    where T : class
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly int _capacity;
    private Waiter<T>? _head;
    private Waiter<T>? _tail;
    private DueTimer? _timer;
    private long _timerDueAt = long.MaxValue;
    private bool _closed;
    private int _count;
    private volatile int _waiterSignal;

    public WaiterQueue(TimeProvider time, TimeSpan timeout, int capacity)
    {
        _time = MonotonicTime.For(time);
        _timeout = timeout;
        _capacity = capacity;
    }

    /// <summary>
    /// Not zero while there are waiters, and for ever once closed: then nothing that comes back may be parked where
    /// only a newcomer would find it.
    /// </summary>
    public int WaiterSignal => _waiterSignal;

    public TimeProvider Time => _time;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds a waiter, or returns null when the queue is closed or full.</summary>
    public Waiter<T>? TryEnqueue() => TryEnqueue(_timeout);

    /// <inheritdoc cref="TryEnqueue()"/>
    /// <param name="timeout">How long it may wait.</param>
    /// <param name="needed">How many permits it needs.</param>
    /// <param name="always">True to let it in also when the queue is full.</param>
    /// <param name="combinedWrite">See <see cref="Waiter{T}.CombinedWrite"/>.</param>
    /// <param name="owner">See <see cref="Waiter{T}.Owner"/>.</param>
    public Waiter<T>? TryEnqueue(
        TimeSpan timeout,
        int needed = 1,
        bool always = false,
        Action? combinedWrite = null,
        object? owner = null
    )
    {
        long dueAt =
            timeout == Timeout.InfiniteTimeSpan
                ? long.MaxValue
                : _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);

        Waiter<T> waiter;
        DueTimer? toSet = null;
        lock (_lock)
        {
            if (_closed || (_count >= _capacity && !always))
            {
                return null;
            }

            waiter = new Waiter<T>(this, needed, dueAt)
            {
                IsQueued = true,
                Previous = _tail,
                CombinedWrite = combinedWrite,
                Owner = owner,
            };
            _ = _tail is null ? _head = waiter : _tail.Next = waiter;
            _tail = waiter;
            _count++;
            if (dueAt < _timerDueAt)
            {
                _timerDueAt = dueAt;
                toSet = _timer ??= new DueTimer(
                    _time,
                    () => Volatile.Read(ref _timerDueAt),
                    () => FailDue(_time.GetTimestamp(), WaitOutcome.TimedOut)
                );
            }

            // A full fence: what the caller looks for afterwards, it looks for with this already visible.
            Interlocked.Increment(ref _waiterSignal);
        }

        toSet?.Set();
        return waiter;
    }

    /// <summary>
    /// Gives a permit, perhaps with an item, to the first in the queue. False when there is no waiter.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="owner">When the permit is only for a waiter of this owner.</param>
    public bool TryGrant(T? item, object? owner = null)
    {
        Waiter<T>? waiter;
        lock (_lock)
        {
            waiter = _head;
            if (waiter is null || (owner is not null && waiter.Owner != owner))
            {
                return false;
            }

            if (!waiter.Add(item))
            {
                return true;
            }

            Remove(waiter);
        }

        waiter.SetResult(WaitOutcome.Granted);
        return true;
    }

    /// <summary>Takes out the first in the queue, if it is a combined write. The caller owes it the outcome.</summary>
    public Waiter<T>? TryTakeCombinedWrite()
    {
        lock (_lock)
        {
            if (_head is not { CombinedWrite: not null } waiter)
            {
                return null;
            }

            Remove(waiter);
            return waiter;
        }
    }

    /// <summary>Takes a waiter out, unless its permits have been granted already.</summary>
    public void Withdraw(Waiter<T> waiter, WaitOutcome outcome)
    {
        lock (_lock)
        {
            if (!waiter.IsQueued)
            {
                return;
            }

            Remove(waiter);
        }

        waiter.SetResult(outcome);
    }

    /// <summary>Fails all waiters, and all that come later.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Interlocked.Increment(ref _waiterSignal);
        }

        FailDue(long.MaxValue, WaitOutcome.Closed);
    }

    private void FailDue(long now, WaitOutcome outcome)
    {
        List<Waiter<T>> due = [];
        lock (_lock)
        {
            long next = long.MaxValue;
            for (Waiter<T>? waiter = _head; waiter is not null; )
            {
                Waiter<T>? following = waiter.Next;
                if (waiter.DueAt <= now)
                {
                    Remove(waiter);
                    due.Add(waiter);
                }
                else
                {
                    next = Math.Min(next, waiter.DueAt);
                }

                waiter = following;
            }

            // It may have gone off for a waiter that was served meanwhile; it is then set for the next.
            _timerDueAt = next;
        }

        _timer?.Set();
        foreach (Waiter<T> waiter in due)
        {
            waiter.SetResult(outcome);
        }
    }

    private void Remove(Waiter<T> waiter)
    {
        _ = waiter.Previous is null ? _head = waiter.Next : waiter.Previous.Next = waiter.Next;
        _ = waiter.Next is null ? _tail = waiter.Previous : waiter.Next.Previous = waiter.Previous;
        waiter.Previous = waiter.Next = null;
        waiter.IsQueued = false;
        _count--;
        Interlocked.Decrement(ref _waiterSignal);
    }
}
