using System.Threading.Channels;

namespace Pool.Sqlite.WriteQueue;

/// <summary>
/// What a write queue has accepted and not settled: the channel, the batch that is being written, and what has to be
/// run again one by one. The lock is for the close, which takes everything away at any moment; nothing slow happens
/// inside it.
/// </summary>
internal sealed class WriteBacklog(int capacity)
{
    private readonly Channel<WriteItem> _channel = Channel.CreateBounded<WriteItem>(
        new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait }
    );

    private readonly Lock _lock = new();
    private readonly Queue<WriteItem> _again = new();
    private readonly List<WriteItem> _batch = [];
    private bool _isKept;
    private bool _isCommitting;
    private bool _isAbandoned;

    /// <summary>How many wait for their first turn.</summary>
    public int Count => _channel.Reader.Count;

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _again.Count == 0 && !_isKept && _channel.Reader.Count == 0;
            }
        }
    }

    public bool RunsAgain
    {
        get
        {
            lock (_lock)
            {
                return _isKept || _again.Count > 0;
            }
        }
    }

    public bool TryAdd(WriteItem item) => _channel.Writer.TryWrite(item);

    /// <exception cref="ChannelClosedException">It was closed before there was room.</exception>
    public ValueTask Add(WriteItem item, CancellationToken cancellationToken) =>
        _channel.Writer.WriteAsync(item, cancellationToken);

    /// <summary>Accepts no more.</summary>
    public void Close() => _channel.Writer.TryComplete();

    /// <summary>The next batch: the one that was kept, or one of those to be run again, or whatever has come.</summary>
    /// <returns>Empty when everything has been abandoned or cancelled.</returns>
    public IReadOnlyList<WriteItem> Take(int most)
    {
        lock (_lock)
        {
            if (_isKept)
            {
                _isKept = false;
                return _batch;
            }

            _batch.Clear();
            while (_batch.Count == 0 && _again.TryDequeue(out WriteItem? again))
            {
                Join(again);
            }

            while (_again.Count == 0 && _batch.Count < most && _channel.Reader.TryRead(out WriteItem? item))
            {
                Join(item);
            }

            return _batch;
        }
    }

    /// <summary>The batch was not committed through no fault of its own: it is the next one again.</summary>
    public void Keep()
    {
        lock (_lock)
        {
            _isKept = !_isAbandoned;
            _isCommitting = false;
        }
    }

    /// <summary>The batch was not committed, and one of it is to blame: each gets a transaction of its own.</summary>
    public void RunOneByOne()
    {
        lock (_lock)
        {
            // What was to be run again already comes after what is in a batch.
            WriteItem[] later = [.. _again];
            _again.Clear();
            foreach (WriteItem item in _batch.Concat(later))
            {
                _again.Enqueue(item);
            }

            _batch.Clear();
            _isCommitting = false;
        }
    }

    /// <summary>
    /// From here on the batch cannot be abandoned. False when it has been: then it must not be committed.
    /// </summary>
    public bool TryBeginCommit()
    {
        lock (_lock)
        {
            return _isCommitting = !_isAbandoned;
        }
    }

    /// <summary>The batch is written, or has failed: it is the caller's to settle.</summary>
    public WriteItem[] EndBatch()
    {
        lock (_lock)
        {
            WriteItem[] items = [.. _batch];
            _batch.Clear();
            _isCommitting = _isKept = false;
            return items;
        }
    }

    /// <summary>Takes away what is being run, what is to be run again, and the first of those that wait.</summary>
    public WriteItem[] TakeFailed(int waiting)
    {
        lock (_lock)
        {
            List<WriteItem> items = [.. _batch, .. _again];
            waiting -= _batch.Count;
            _batch.Clear();
            _again.Clear();
            _isKept = _isCommitting = false;
            while (waiting-- > 0 && _channel.Reader.TryRead(out WriteItem? item))
            {
                items.Add(item);
            }

            return [.. items];
        }
    }

    /// <summary>Takes away the first of those that wait, as long as they are settled or due.</summary>
    /// <param name="isDue">Whether an item has waited for too long.</param>
    /// <param name="next">The first that is not.</param>
    public WriteItem[] TakeDue(Func<WriteItem, bool> isDue, out WriteItem? next)
    {
        lock (_lock)
        {
            List<WriteItem> due = [];
            while (
                _channel.Reader.TryPeek(out next)
                && (next.IsSettled || isDue(next))
                && _channel.Reader.TryRead(out WriteItem? item)
            )
            {
                due.Add(item);
            }

            return [.. due];
        }
    }

    /// <summary>Takes away everything but a batch whose commit has begun. Nothing can be taken afterwards.</summary>
    public WriteItem[] Abandon()
    {
        lock (_lock)
        {
            _isAbandoned = true;
            List<WriteItem> items = _isCommitting ? [] : [.. _batch];
            items.AddRange(_again);
            _again.Clear();
            _isKept = false;
            while (_channel.Reader.TryRead(out WriteItem? item))
            {
                items.Add(item);
            }

            return [.. items];
        }
    }

    private void Join(WriteItem item)
    {
        if (!item.IsSettled)
        {
            _batch.Add(item);
        }
    }
}
