namespace Pool.Sqlite.Pooling;

/// <summary>One look at a <see cref="LeasePool{T}"/>.</summary>
internal struct LeaseCounts
{
    public int Open;
    public int InUse;
    public int Opening;
    public int Waiting;
    public int PeakInUse;
    public long Rents;
    public long Misses;
    public long Timeouts;
    public long Cancellations;
    public long OpenFailures;
    public long HealthCheckFailures;
    public long[] ClosedBy;

    public readonly long Closed(RetireReason reason) => ClosedBy[(int)reason];
}
