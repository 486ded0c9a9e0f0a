using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Pooling;

/// <summary>What a pool counts while it runs.</summary>
internal sealed class LeaseCounters
{
    private int _peak;
    private long _misses;
    private long _timeouts;
    private long _cancellations;
    private long _openFailures;
    private long _healthCheckFailures;

    /// <summary>How long rents that had to wait for a permit have waited.</summary>
    public DurationHistogram WaitTimes { get; } = new();

    /// <summary>The most that were in use at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    public void NotePeak(int inUse)
    {
        for (int peak = _peak; inUse > peak; peak = _peak)
        {
            Interlocked.CompareExchange(ref _peak, inUse, peak);
        }
    }

    public void NoteMiss() => Interlocked.Increment(ref _misses);

    public void NoteTimeout() => Interlocked.Increment(ref _timeouts);

    public void NoteCancellation() => Interlocked.Increment(ref _cancellations);

    public void NoteOpenFailure() => Interlocked.Increment(ref _openFailures);

    public void NoteFailedCheck(RetireReason reason)
    {
        if (reason == RetireReason.Unhealthy)
        {
            Interlocked.Increment(ref _healthCheckFailures);
        }
    }

    public void ThrowIfCanceled(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            NoteCancellation();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Fill(ref LeaseCounts counts)
    {
        counts.PeakInUse = Volatile.Read(ref _peak);
        counts.Misses = Interlocked.Read(ref _misses);
        counts.Timeouts = Interlocked.Read(ref _timeouts);
        counts.Cancellations = Interlocked.Read(ref _cancellations);
        counts.OpenFailures = Interlocked.Read(ref _openFailures);
        counts.HealthCheckFailures = Interlocked.Read(ref _healthCheckFailures);
    }
}
