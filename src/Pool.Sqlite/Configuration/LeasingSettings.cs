using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Configuration;

/// <summary>The settings of the generic pool, as they follow from the options.</summary>
internal static class LeasingSettings
{
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(10);

    public static LeasePoolOptions For(SqlitePoolOptions options, DatabaseTarget target)
    {
        // A private memory database is its one connection: it must not be closed, so it does not age.
        bool single = target.Kind == DatabaseKind.PrivateMemory;
        return new LeasePoolOptions
        {
            Size = single ? 1 : options.PoolSize,
            MaxOverflow = single ? 0 : options.MaxOverflow,
            MinIdle = single ? 1 : options.MinIdle,
            MaxWaiters = options.MaxWaiters,
            CreateRetries = options.CreateRetries,
            RentTimeout = options.RentTimeout,
            MaxLifetime = single ? Timeout.InfiniteTimeSpan : options.MaxLifetime,
            IdleTimeout = single ? Timeout.InfiniteTimeSpan : options.IdleTimeout,
            OverflowIdleTimeout = options.OverflowIdleTimeout,
            ProbeAfterIdle = single ? Timeout.InfiniteTimeSpan : options.ProbeAfterIdle,
            HealthCheckInterval = single ? Timeout.InfiniteTimeSpan : options.HealthCheckInterval,
        };
    }

    /// <summary>A quarter of the shortest time that it has to notice, at most a second.</summary>
    public static TimeSpan HousekeepingPeriod(LeasePoolOptions options, TimeSpan leakThreshold)
    {
        TimeSpan[] times =
        [
            options.MaxLifetime,
            options.IdleTimeout,
            options.OverflowIdleTimeout,
            options.ProbeAfterIdle,
            options.HealthCheckInterval,
            leakThreshold,
        ];
        TimeSpan shortest = times
            .Where(time => time > TimeSpan.Zero)
            .Select(time => time / 4)
            .Append(LongestPeriod)
            .Min();
        return shortest > ShortestPeriod ? shortest : ShortestPeriod;
    }
}
