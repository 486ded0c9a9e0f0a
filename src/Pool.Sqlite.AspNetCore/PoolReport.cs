namespace Pool.Sqlite.AspNetCore;

/// <summary>
/// The answer of <c>/stats</c>: everything at one moment. Public only as JSON, so its names must stay.
/// </summary>
internal sealed record PoolReport(
    string Name,
    DateTimeOffset TakenAt,
    SqlitePoolStatus Status,
    double Utilization,
    IReadOnlyList<string> Reasons,
    IReadOnlyList<SqlitePoolAdvice> Advice,
    string EngineVersion,
    long WalBytes,
    SqlitePoolStatistics Statistics,
    IReadOnlyList<SqlitePoolLease> Leases
)
{
    public static PoolReport Of(SqlitePool pool, TimeProvider time)
    {
        SqlitePoolHealth health = pool.GetHealth();
        return new PoolReport(
            pool.Name,
            time.GetUtcNow(),
            health.Status,
            health.Utilization,
            health.Reasons,
            health.Advice,
            health.EngineVersion,
            health.WalBytes,
            health.Statistics,
            pool.GetLeases()
        );
    }
}

/// <summary>The answer of <c>/health</c>: only whether it works.</summary>
internal sealed record PoolHealthReport(
    string Name,
    SqlitePoolStatus Status,
    double Utilization,
    IReadOnlyList<string> Reasons,
    IReadOnlyList<SqlitePoolAdvice> Advice,
    string EngineVersion,
    long WalBytes
)
{
    public static PoolHealthReport Of(SqlitePool pool)
    {
        SqlitePoolHealth health = pool.GetHealth();
        return new PoolHealthReport(
            pool.Name,
            health.Status,
            health.Utilization,
            health.Reasons,
            health.Advice,
            health.EngineVersion,
            health.WalBytes
        );
    }
}
