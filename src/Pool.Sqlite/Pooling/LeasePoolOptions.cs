namespace Pool.Sqlite.Pooling;

/// <summary>What the generic pool needs to know. Times may be <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
internal sealed record LeasePoolOptions
{
    public required int Size { get; init; }

    public int MaxOverflow { get; init; }

    public int MinIdle { get; init; }

    public int MaxWaiters { get; init; } = int.MaxValue;

    public int CreateRetries { get; init; }

    public TimeSpan RentTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    public TimeSpan MaxLifetime { get; init; } = Timeout.InfiniteTimeSpan;

    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    public TimeSpan OverflowIdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    public TimeSpan ProbeAfterIdle { get; init; } = Timeout.InfiniteTimeSpan;

    public TimeSpan HealthCheckInterval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Where its entries have their numbers from.</summary>
    public EntryNumbers Numbers { get; init; } = new();

    /// <summary>How many items may be out at once.</summary>
    public int Permits => Size + MaxOverflow;
}
