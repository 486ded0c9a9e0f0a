using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <content>What the write queue needs of its pool, and the close, which comes after what the queue has accepted.</content>
public sealed partial class SqlitePool
{
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _closesQueue;

    /// <summary>
    /// Many small writes in few commits: what has queued up while the last batch was written is the next one, and each
    /// caller is told after the COMMIT that contains its write. On a connection of its own, opened for the first.
    /// </summary>
    public SqlitePoolWriteQueue Writes { get; }

    internal TimeProvider Time => _time;

    internal PoolTracing Tracing => _tracing;

    internal PoolMetrics Metrics => _metrics;

    internal ILogger Logger => _log.Writing;

    internal TimeSpan ShutdownTimeout => _options.ShutdownTimeout;

    /// <summary>
    /// How long the queue waits for the right to write. A RentTimeout of zero is for callers that would rather do
    /// something else; the queue has nothing else to do.
    /// </summary>
    internal TimeSpan WriterTimeout => _options.RentTimeout != TimeSpan.Zero ? _options.RentTimeout : _options.Pragmas.BusyTimeout;

    private SynchronousMode QueueSynchronous => _options.Writes.Synchronous ?? _options.Pragmas.Synchronous;

    internal Exception ClosedException() => _source.Closed();

    /// <summary>
    /// The queue's own connection, with the write gate. (Not that of <see cref="RentWriterAsync"/>: who waits for that is told at
    /// once when the pool is closed, while the queue goes on writing.)
    /// </summary>
    internal ValueTask<PoolEntry<PhysicalConnection>> RentForQueue(CancellationToken cancellationToken) =>
        RentWithGate(_queueWriters, WriterTimeout, async: true, cancellationToken);

    /// <summary>Closes everything, the connection of the queue when what it has accepted is written, or the time is up.</summary>
    /// <returns>Ends when the queue has nothing left. The same for everybody who closes.</returns>
    private Task Close()
    {
        _housekeeper.Dispose();
        _sharedLockKeeper?.Dispose();
        PoolMeter.Remove(_metrics);
        Task drained = Writes.Close();
        foreach (LeasePool<PhysicalConnection> pool in _all)
        {
            if (pool != _queueWriters)
            {
                pool.Dispose();
            }
        }

        if (Interlocked.Exchange(ref _closesQueue, 1) == 0)
        {
            _ = CloseQueue(drained);
        }

        return _written.Task;
    }

    private async Task CloseQueue(Task drained)
    {
        try
        {
            await drained.WaitAsync(_options.ShutdownTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            int items = Writes.Abandon();
            _log.Writing.WritesAbandoned(Name, items, _options.ShutdownTimeout);
        }

        _queueWriters.Dispose();
        _written.SetResult();
    }
}
