using Pool.Sqlite.Connections;
using Pool.Sqlite.Leasing;
using SQLitePCL;

namespace Pool.Sqlite;

/// <content>Looking inside.</content>
public sealed partial class SqlitePool
{
    private const double WarningUtilization = 0.7;
    private const double CriticalUtilization = 0.9;

    /// <summary>What is out on loan at this moment, the longest first.</summary>
    public IReadOnlyList<SqlitePoolLease> GetLeases() =>
    [
        .. _all.SelectMany(static pool => pool.Leased())
            .Select(lease => LeaseOf(lease.Item, lease.Held))
            .OrderByDescending(static lease => lease.Age),
    ];

    /// <summary>How the pool is, why, and what would help.</summary>
    public SqlitePoolHealth GetHealth()
    {
        SqlitePoolStatistics statistics = GetStatistics();
        double utilization = (double)statistics.InUse / (PoolSize + MaxOverflow);
        SqlitePoolStatus status = utilization switch
        {
            <= WarningUtilization => SqlitePoolStatus.Healthy,
            <= CriticalUtilization => SqlitePoolStatus.Warning,
            _ => SqlitePoolStatus.Critical,
        };
        return new SqlitePoolHealth
        {
            Status = status,
            Utilization = utilization,
            Reasons = status == SqlitePoolStatus.Healthy
                ? []
                : [$"{statistics.InUse} of {PoolSize + MaxOverflow} connections are in use."],
            Advice = [],
            EngineVersion = raw.sqlite3_libversion().utf8_to_string(),
            WalBytes = 0,
            Statistics = statistics,
        };
    }

    private SqlitePoolLease LeaseOf(PoolItem<PhysicalConnection> item, TimeSpan held) => new()
    {
        LeaseId = PooledConnection.IdOf(item),
        Name = PooledConnection.NameOf(item),
        Role = item.Pool == _writers ? PooledConnectionRole.Writer : PooledConnectionRole.ReadWrite,
        Age = HeldFor(item, held),
        RentSite = item.Value.RentSite?.Stack.ToString(),
        HoldsWriteGate = item.Value.HoldsGate,
    };
}
