namespace Pool.Sqlite.Diagnostics;

/// <summary>The difference between two samples.</summary>
internal sealed class PoolWindow(TimeSpan elapsed, PoolSample from, PoolSample to)
{
    public TimeSpan Elapsed => elapsed;

    public long Rents => to.Statistics.Rents - from.Statistics.Rents;

    public long Misses => to.Statistics.Misses - from.Statistics.Misses;

    public double HitRatio => Rents == 0 ? 1 : 1 - ((double)Misses / Rents);

    public long Timeouts => to.Statistics.Timeouts - from.Statistics.Timeouts;

    public long OpenFailures => to.Statistics.OpenFailures - from.Statistics.OpenFailures;

    public long HealthCheckFailures => to.Statistics.HealthCheckFailures - from.Statistics.HealthCheckFailures;

    public long Leaks => to.Statistics.Leaks - from.Statistics.Leaks;

    public long ClosedByOverflow => to.Statistics.ClosedByOverflow - from.Statistics.ClosedByOverflow;

    /// <summary>Closed because of what their lease did: asked for it, or left something behind.</summary>
    public long NotReused =>
        to.Statistics.ClosedByRetire
        + to.Statistics.Discarded
        - from.Statistics.ClosedByRetire
        - from.Statistics.Discarded;

    public Waits Waits => Waits.Between(from.Statistics.WaitTime, to.Statistics.WaitTime);

    public Waits WriteGateWaits => Waits.Between(from.Statistics.WriteGateWaits, to.Statistics.WriteGateWaits);

    public long PostsRefused => to.Statistics.Writes.PostsRefused - from.Statistics.Writes.PostsRefused;

    public Waits RoomWaits => Waits.Between(from.Statistics.Writes.RoomWaits, to.Statistics.Writes.RoomWaits);

    public Waits Commits => Waits.Between(from.Statistics.Writes.CommitTime, to.Statistics.Writes.CommitTime);

    public long CacheHits => to.Cache.Hits - from.Cache.Hits;

    public long CacheMisses => to.Cache.Misses - from.Cache.Misses;

    /// <summary>The share of the machine's processors that this process has used, from 0 to 1.</summary>
    public double CpuShare =>
        elapsed <= TimeSpan.Zero ? 1 : Math.Clamp((to.Cpu - from.Cpu) / (elapsed * Environment.ProcessorCount), 0, 1);
}

/// <summary>Durations of one kind: waits, or commits.</summary>
internal readonly record struct Waits(long Count, TimeSpan Total)
{
    public TimeSpan Mean => Count == 0 ? TimeSpan.Zero : Total / Count;

    public static Waits Between(DurationSummary from, DurationSummary to) =>
        new(to.Count - from.Count, to.Total - from.Total);
}
