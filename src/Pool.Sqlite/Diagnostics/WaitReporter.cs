using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Counts, measures and logs the waits of one pool: for a connection, and for the right to write.</summary>
internal sealed class WaitReporter(
    string name,
    PoolLoggers log,
    PoolMetrics metrics,
    PoolTracing tracing,
    TimeSpan slowThreshold,
    TimeProvider time
) : IPoolEvents
{
    private LeasePool<PhysicalConnection>? _leases;
    private LeasePool<PhysicalConnection>? _writers;
    private int _limit;
    private int _gateWaiting;

    public DurationHistogram WriteGateWaits { get; } = new();

    /// <summary>
    /// The number of writes that wait: at the gate, and for the pool's one writer connection, which is out while its
    /// holder is inside.
    /// </summary>
    public int WriteGateWaiting => Volatile.Read(ref _gateWaiting) + (_writers?.Count().Waiting ?? 0);

    /// <summary>The events of the pool of the writer connection.</summary>
    public IPoolEvents ForWriters() => new WriterEvents(this);

    /// <summary>Names the pools whose figures the messages give.</summary>
    /// <param name="leases">The connections that rents share.</param>
    /// <param name="writers">The writer connection; null where it is one of those.</param>
    /// <param name="limit">How many leases there can be.</param>
    public void Attach(LeasePool<PhysicalConnection> leases, LeasePool<PhysicalConnection>? writers, int limit)
    {
        _leases = leases;
        _writers = writers;
        _limit = limit;
    }

    public void RentWaited(TimeSpan waited, WaitOutcome outcome)
    {
        if (outcome is WaitOutcome.Granted or WaitOutcome.TimedOut)
        {
            metrics.RecordWait(waited);
        }

        TraceWait(waited, outcome);
        if (outcome == WaitOutcome.TimedOut)
        {
            LeaseCounts counts = _leases!.Count();
            log.Leasing.RentTimedOut(name, Milliseconds(waited), counts.InUse, _limit, counts.Waiting);
        }
        else if (outcome == WaitOutcome.Granted && IsSlow(waited))
        {
            LeaseCounts counts = _leases!.Count();
            log.Leasing.SlowRent(name, Milliseconds(waited), counts.InUse, _limit, counts.Waiting);
        }
    }

    /// <summary>
    /// A wait for the write gate begins; it ends when this is disposed, whether the gate was had or not.
    /// </summary>
    public GateWait BeginGateWait()
    {
        // Before it is counted: what is counted has begun.
        long start = time.GetTimestamp();
        Interlocked.Increment(ref _gateWaiting);
        return new GateWait(this, start);
    }

    private void EndGateWait(long start)
    {
        Interlocked.Decrement(ref _gateWaiting);
        WriteGateWaited(time.GetElapsedTime(start));
    }

    private void WriteGateWaited(TimeSpan waited)
    {
        WriteGateWaits.Record(waited);
        metrics.RecordWriteGateWait(waited);
        if (IsSlow(waited))
        {
            log.Writing.SlowWriteGate(name, Milliseconds(waited), WriteGateWaiting);
        }
    }

    private bool IsSlow(TimeSpan waited) => slowThreshold != Timeout.InfiniteTimeSpan && waited >= slowThreshold;

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds);

    private static string NameOf(WaitOutcome outcome) =>
        outcome switch
        {
            WaitOutcome.Granted => "served",
            WaitOutcome.TimedOut => "timeout",
            WaitOutcome.Canceled => "cancelled",
            _ => "closed",
        };

    /// <summary>A wait for the write gate that is going on.</summary>
    internal readonly struct GateWait(WaitReporter reporter, long start) : IDisposable
    {
        public void Dispose() => reporter.EndGateWait(start);
    }

    // A wait for the writer connection is a wait for the gate: another writer lease holds both.
    private sealed class WriterEvents(WaitReporter reporter) : IPoolEvents
    {
        public void RentWaited(TimeSpan waited, WaitOutcome outcome)
        {
            reporter.WriteGateWaited(waited);
            reporter.TraceWait(waited, outcome);
        }
    }

    private void TraceWait(TimeSpan waited, WaitOutcome outcome) =>
        tracing.RentWaited(waited, NameOf(outcome), outcome == WaitOutcome.Granted);
}
