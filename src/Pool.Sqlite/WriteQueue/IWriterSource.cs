using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.WriteQueue;

/// <summary>What the write queue needs of the pool that it writes to.</summary>
internal interface IWriterSource
{
    /// <summary>The pool's, for messages.</summary>
    string Name { get; }

    /// <summary>True where the one connection is the database, so that it cannot be exchanged.</summary>
    bool IsPrivateMemory { get; }

    /// <summary>How long the lock of another process is waited for.</summary>
    TimeSpan BusyTimeout { get; }

    /// <summary>How long a batch is tried.</summary>
    TimeSpan WriterTimeout { get; }

    /// <summary>How long the close waits for what is queued, for messages.</summary>
    TimeSpan ShutdownTimeout { get; }

    TimeProvider Time { get; }

    ILogger Logger { get; }

    PoolTracing Tracing { get; }

    PoolMetrics Metrics { get; }

    /// <summary>Rents the queue's own connection, with the write gate.</summary>
    ValueTask<PoolEntry<PhysicalConnection>> Rent(CancellationToken cancellationToken);

    void Return(PoolEntry<PhysicalConnection> writer);

    /// <summary>A lease for one item on the connection that the queue has rented.</summary>
    SqlitePoolConnection LendToItem(PoolEntry<PhysicalConnection> writer);

    /// <summary>The current flow's hold of the write gate; null when it holds none of this pool's.</summary>
    AmbientWriteGate? GateHolderOfFlow();

    Exception ClosedException();
}
