using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Leasing;

/// <summary>
/// The connections of one database in four pools: those that rents share, the writer's, one in reserve for a flow that
/// holds the write gate, and the write queue's. Of a private memory database there is one connection, which is all of
/// them.
/// </summary>
internal sealed class ConnectionPools
{
    // For a flow that holds the write gate and needs a lease while all are out (see AmbientWriteGate): there is one
    // such flow at a time, but it may need several, and what it has started may look like it.
    private const int ReserveSize = 4;

    private readonly ConnectionSource _source;
    private readonly LeaseRecorder _recorder;
    private readonly PoolLoggers _log;
    private readonly WriterRenting _writerRenting;
    private readonly string _name;
    private readonly bool _cleansEveryReturn;
    private long _leaks;

    public ConnectionPools(
        string name,
        ConnectionSource source,
        LeasePoolOptions leasing,
        SqlitePoolOptions options,
        LeaseRecorder recorder,
        LeaseInspector inspector,
        WaitReporter waits,
        PoolLoggers log,
        TimeProvider time,
        OpenBudget<PhysicalConnection>? budget = null
    )
    {
        _name = name;
        _source = source;
        _recorder = recorder;
        _log = log;
        _cleansEveryReturn = options.Returning is not null;
        RentTimeout = options.RentTimeout;

        // A RentTimeout of zero is for callers that would rather do something else; the queue has nothing else to do.
        QueueTimeout = RentTimeout != TimeSpan.Zero ? RentTimeout : options.Pragmas.BusyTimeout;
        Leases = new LeasePool<PhysicalConnection>(source, leasing, time, waits, budget);
        if (source.Target.Kind == DatabaseKind.PrivateMemory)
        {
            Writers = Reserve = QueueWriters = Leases;
            All = [Leases];
        }
        else
        {
            LeasePoolOptions single = leasing with { Size = 1, MaxOverflow = 0, MinIdle = 0 };
            LeasePoolOptions queue = single with { RentTimeout = QueueTimeout, MaxWaiters = int.MaxValue };
            Writers = new LeasePool<PhysicalConnection>(source, single, time, waits.ForWriters(), budget);
            Reserve = new LeasePool<PhysicalConnection>(
                source,
                single with
                {
                    MaxOverflow = ReserveSize - 1,
                },
                time,
                budget: budget
            );
            QueueWriters = new LeasePool<PhysicalConnection>(
                source.With(options.Writes.Synchronous ?? options.Pragmas.Synchronous),
                queue,
                time,
                budget: budget
            );
            All = [Reserve, Writers, QueueWriters, Leases];
        }

        Flow = new FlowGate(All);
        _writerRenting = new WriterRenting(Flow, recorder, inspector, waits, time);
        bool isShared = Writers == Leases;
        waits.Attach(Leases, isShared ? null : Writers, leasing.Permits);
        inspector.Attach(Leases, All, isShared ? [] : [Writers, QueueWriters]);
        Closed = DisposeSourceWhenDrained();
    }

    public LeasePool<PhysicalConnection> Leases { get; }

    public LeasePool<PhysicalConnection> Writers { get; }

    public LeasePool<PhysicalConnection> Reserve { get; }

    /// <summary>
    /// Not the writers' pool: its waiters fail at once when the pool is closed, while the queue goes on writing.
    /// </summary>
    public LeasePool<PhysicalConnection> QueueWriters { get; }

    /// <summary>Each pool once, in the order in which they are closed.</summary>
    public LeasePool<PhysicalConnection>[] All { get; }

    public FlowGate Flow { get; }

    public TimeSpan RentTimeout { get; }

    /// <summary>How long the write queue waits for the right to write.</summary>
    public TimeSpan QueueTimeout { get; }

    /// <summary>How many leases were found by their finalizer.</summary>
    public long Leaks => Interlocked.Read(ref _leaks);

    public bool IsClosed => Leases.IsClosed;

    /// <summary>Ends when nothing is open any more.</summary>
    public Task Closed { get; }

    /// <summary>
    /// How often something was rented so far, and whether anything is out, being opened or waited for.
    /// </summary>
    public (long Rents, bool IsInUse) Activity()
    {
        long rents = 0;
        bool isInUse = false;
        foreach (LeasePool<PhysicalConnection> pool in All)
        {
            LeaseCounts counts = pool.Count();
            rents += counts.Rents;
            isInUse |= counts.InUse + counts.Opening + counts.Waiting > 0;
        }

        return (rents, isInUse);
    }

    public Exception ClosedException() => _source.Closed();

    /// <summary>Every rent that the fast path of the face does not serve.</summary>
    public ValueTask<PoolEntry<PhysicalConnection>> Rent(
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        if (ExclusiveFlow.IsInside(this))
        {
            throw ExclusiveFlow.RentRefused(_name);
        }

        bool holdsGate = Flow.MayBeHeld();
        if (!_recorder.IsWatching && !holdsGate)
        {
            return Leases.Rent(async, timeout, cancellationToken);
        }

        RentSite? site = _recorder.CaptureSite();
        ValueTask<PoolEntry<PhysicalConnection>> rent = holdsGate
            ? RentHoldingGate(async, timeout, cancellationToken)
            : Leases.Rent(async, timeout, cancellationToken);
        if (!rent.IsCompletedSuccessfully)
        {
            return RecordWhenRented(rent, site);
        }

        PoolEntry<PhysicalConnection> entry = rent.Result;
        _recorder.Rented(entry, site);
        return new ValueTask<PoolEntry<PhysicalConnection>>(entry);
    }

    /// <summary>The writer connection, with the write gate held until it is returned.</summary>
    public ValueTask<PoolEntry<PhysicalConnection>> RentWriter(
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        if (ExclusiveFlow.IsInside(this))
        {
            throw ExclusiveFlow.RentRefused(_name);
        }

        return _writerRenting.Rent(Writers, async, timeout, cancellationToken);
    }

    /// <summary>The queue's own connection, with the write gate.</summary>
    public ValueTask<PoolEntry<PhysicalConnection>> RentForQueue(CancellationToken cancellationToken) =>
        _writerRenting.RentUnmarked(QueueWriters, async: true, QueueTimeout, cancellationToken);

    /// <summary>Puts right what the lease has left behind, and takes the connection back. Never throws.</summary>
    public void Return(PoolEntry<PhysicalConnection> entry)
    {
        if (_recorder.IsWatching)
        {
            _recorder.Returning(entry);
        }

        entry.Pool.Return(
            entry,
            entry.Value.IsTouched || _cleansEveryReturn ? _source.Clean(entry) : RetireReason.None
        );
    }

    /// <summary>Takes back what a finalizer found. Cleaning can block, which a finalizer must not.</summary>
    public void ReturnLeaked(PoolEntry<PhysicalConnection> entry) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static state =>
            {
                Interlocked.Increment(ref state.Pools._leaks);
                state.Pools._log.Leasing.LeaseLeaked(state.Pools._name, state.Entry.LeaseName);
                if (state.IsReachable)
                {
                    state.Pools.Return(state.Entry);
                }
                else
                {
                    // Dropped with its pool. Finalizers close it; what it shares with other pools is the gate.
                    state.Entry.Value.Writes.ReleaseGate();
                }
            },
            (Pools: this, Entry: entry, entry.Value.IsReachable),
            preferLocal: false
        );

    public void Clear() => Array.ForEach(All, static pool => pool.Clear());

    /// <summary>Runs something while nothing is open and nothing can be rented.</summary>
    public async Task RunExclusive(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if (ExclusiveFlow.IsInside(this))
        {
            throw ExclusiveFlow.Nested(_name);
        }

        // A lease that is waited for may need a writer before it is returned, and a writer one of the reserve: so in
        // this order.
        LeasePool<PhysicalConnection>[] pools = [Leases, QueueWriters, Writers, Reserve];
        int begun = 0;
        try
        {
            for (; begun < pools.Length; begun++)
            {
                await pools[begun].BeginExclusive(cancellationToken).ConfigureAwait(false);
            }

            // A commit is waited for without a connection: its sync must not open the -wal while the work runs.
            await _source.Figures.SyncCommitted().ConfigureAwait(false);
            await ExclusiveFlow.Run(this, work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Array.ForEach(pools[..begun], static pool => pool.EndExclusive());
        }
    }

    /// <summary>Closes everything but what the queue needs to write what it has accepted.</summary>
    public void CloseForRents()
    {
        foreach (LeasePool<PhysicalConnection> pool in All)
        {
            if (pool != QueueWriters)
            {
                pool.Dispose();
            }
        }
    }

    public void CloseForQueue() => QueueWriters.Dispose();

    // A flow that holds the gate must not queue behind those who wait for it.
    private async ValueTask<PoolEntry<PhysicalConnection>> RentHoldingGate(
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) =>
        await Leases.RentWithoutWaiting(async, timeout, cancellationToken).ConfigureAwait(false)
        ?? await Reserve.RentWithoutWaiting(async, timeout, cancellationToken).ConfigureAwait(false)
        ?? await Leases.Rent(async, timeout, cancellationToken).ConfigureAwait(false);

    private async ValueTask<PoolEntry<PhysicalConnection>> RecordWhenRented(
        ValueTask<PoolEntry<PhysicalConnection>> rent,
        RentSite? site
    )
    {
        PoolEntry<PhysicalConnection> entry = await rent.ConfigureAwait(false);
        _recorder.Rented(entry, site);
        return entry;
    }

    private async Task DisposeSourceWhenDrained()
    {
        await Task.WhenAll(All.Select(static pool => pool.Drained)).ConfigureAwait(false);
        _source.Dispose();
    }
}
