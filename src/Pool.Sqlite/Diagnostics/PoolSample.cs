namespace Pool.Sqlite.Diagnostics;

/// <summary>The counters at one moment.</summary>
internal sealed record PoolSample(long At, SqlitePoolStatistics Statistics, CacheFigures Cache, TimeSpan Cpu)
{
    // One for all pools: it is there to be measured from.
    private static readonly SqlitePoolStatistics Zero = new()
    {
        PoolSize = 0,
        MaxOverflow = 0,
        Open = 0,
        InUse = 0,
        Opening = 0,
        Waiting = 0,
        PeakInUse = 0,
        Hits = 0,
        Misses = 0,
        Timeouts = 0,
        Cancellations = 0,
        OpenFailures = 0,
        HealthCheckFailures = 0,
        Leaks = 0,
        Discarded = 0,
        ClosedByAge = 0,
        ClosedByIdle = 0,
        ClosedByOverflow = 0,
        ClosedByClear = 0,
        ClosedByRetire = 0,
        StatementHits = 0,
        StatementMisses = 0,
        WaitTime = default,
        WriteGateWaiting = 0,
        WriteGateWaits = default,
        Writes = new SqlitePoolWriteQueueStatistics
        {
            Capacity = 0,
            Queued = 0,
            WaitingForRoom = 0,
            RoomWaits = default,
            Batches = 0,
            Items = 0,
            LargestBatch = 0,
            CommitTime = default,
            Retries = 0,
            Failures = 0,
            PostFailures = 0,
            PostsRefused = 0,
            Cancellations = 0,
        },
    };

    /// <summary>Of a pool that has done nothing yet.</summary>
    public static PoolSample OfNothing(long at, TimeSpan cpu) => new(at, Zero, default, cpu);
}
