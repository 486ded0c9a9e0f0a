namespace Pool.Sqlite.Pooling;

/// <summary>
/// Every item that exists, wherever it is: what a dropped lease alone referred to would be finalised with it.
/// </summary>
internal sealed class EntryRegistry<T>
{
    private static readonly int ReasonCount = Enum.GetValues<RetireReason>().Length;

    private readonly Lock _lock = new();
    private readonly List<PoolEntry<T>> _items = [];
    private readonly long[] _closedBy = new long[ReasonCount];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _rentsOfClosed;
    private int _opening;
    private int _open;
    private int _generation;
    private bool _hasOpened;
    private bool _drains;
    private volatile bool _isClosed;

    /// <summary>True once no open begins any more.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>How many are open and not being closed.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>How many are being opened.</summary>
    public int Opening => Volatile.Read(ref _opening);

    public bool HasOpened => Volatile.Read(ref _hasOpened);

    /// <summary>Counts up with each <see cref="Clear"/>; what was begun in an older one is cleared with it.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Ends after <see cref="Drain"/>, once nothing is open, or being opened or closed.</summary>
    public Task Drained => _drained.Task;

    /// <summary>
    /// Announces an open. False when there are, or will be, as many as <paramref name="limit"/> already, or all is
    /// closed.
    /// </summary>
    public bool TryBeginOpen(int limit)
    {
        lock (_lock)
        {
            if (_isClosed || _items.Count + _opening >= limit)
            {
                return false;
            }

            _opening++;
            return true;
        }
    }

    /// <summary>Adds what was opened; null when that has failed.</summary>
    public void EndOpen(PoolEntry<T>? item, int generation)
    {
        lock (_lock)
        {
            _opening--;
            if (item is not null)
            {
                if (generation != _generation)
                {
                    item.Retire(RetireReason.Clear);
                }

                _items.Add(item);
                _open++;
                _hasOpened = true;
            }

            SignalIfDrained();
        }
    }

    /// <summary>
    /// Claims an item for closing. False when there would be fewer than <paramref name="floor"/> left, or when it
    /// is claimed already.
    /// </summary>
    public bool TryBeginClose(PoolEntry<T> item, int floor = 0)
    {
        lock (_lock)
        {
            if (item.IsClosing || _open <= floor)
            {
                return false;
            }

            item.IsClosing = true;
            _open--;
            return true;
        }
    }

    public void EndClose(PoolEntry<T> item, RetireReason reason)
    {
        lock (_lock)
        {
            _items.Remove(item);
            _rentsOfClosed += item.Rents;
            _closedBy[(int)reason]++;
            SignalIfDrained();
        }
    }

    /// <summary>True when this is the only item left.</summary>
    public bool IsLast(PoolEntry<T> item)
    {
        lock (_lock)
        {
            return _opening == 0 && _items.Count == 1 && ReferenceEquals(_items[0], item);
        }
    }

    /// <summary>Marks everything that is open, or being opened, for closing.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _generation++;
            foreach (PoolEntry<T> item in _items)
            {
                item.Retire(RetireReason.Clear);
            }
        }
    }

    /// <summary>Refuses every open from now on.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }
    }

    /// <summary>Has <see cref="Drained"/> end once there is nothing left.</summary>
    public void Drain()
    {
        lock (_lock)
        {
            _drains = true;
            SignalIfDrained();
        }
    }

    /// <summary>Notes what has gone out or come home since the last look.</summary>
    public void Observe(long now)
    {
        lock (_lock)
        {
            _items.ForEach(item => item.Observe(now));
        }
    }

    public PoolEntry<T>[] ToArray()
    {
        lock (_lock)
        {
            return [.. _items];
        }
    }

    public int CountLeased()
    {
        lock (_lock)
        {
            return _items.Count(static item => item.IsLeased);
        }
    }

    public void Fill(ref LeaseCounts counts)
    {
        lock (_lock)
        {
            counts.Opening = _opening;
            counts.Rents = _rentsOfClosed;
            counts.ClosedBy = [.. _closedBy];
            foreach (PoolEntry<T> item in _items)
            {
                counts.Rents += item.Rents;
                if (!item.IsClosing)
                {
                    counts.Open++;
                    counts.InUse += item.IsLeased ? 1 : 0;
                }
            }
        }
    }

    private void SignalIfDrained()
    {
        if (_drains && _opening == 0 && _items.Count == 0)
        {
            _drained.TrySetResult();
        }
    }
}
