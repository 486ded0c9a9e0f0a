using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.WriteQueue;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <summary>A pool as its write queue sees it.</summary>
internal sealed class PoolWriterSource(SqlitePool pool) : IWriterSource
{
    public string Name => pool.Name;

    public bool IsPrivateMemory => pool.IsPrivateMemory;

    public TimeSpan BusyTimeout => pool.BusyTimeout;

    public TimeSpan WriterTimeout => pool.WriterTimeout;

    public TimeSpan ShutdownTimeout => pool.ShutdownTimeout;

    public TimeProvider Time => pool.Time;

    public ILogger Logger => pool.Logger;

    public PoolTracing Tracing => pool.Tracing;

    public PoolMetrics Metrics => pool.Metrics;

    public ValueTask<PoolEntry<PhysicalConnection>> Rent(CancellationToken cancellationToken) =>
        pool.RentForQueue(cancellationToken);

    public void Return(PoolEntry<PhysicalConnection> writer) => pool.Return(writer);

    public SqlitePoolConnection LendToItem(PoolEntry<PhysicalConnection> writer) =>
        SqlitePoolConnection.ForItem(pool, writer);

    public AmbientWriteGate? GateHolderOfFlow() => pool.Pools.Flow.Holder();

    public Exception ClosedException() => pool.ClosedException();
}
