using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// Judges one pool's health and finds advice, from the samples of its last minutes and what it is doing now.
/// </summary>
internal sealed class HealthReporter(
    SqlitePoolOptions options,
    PoolInspector inspector,
    LeaseInspector leases,
    StatisticsReader statistics,
    ConnectionFigures figures,
    UtilizationWatch utilization,
    bool lacksGroupCommit = false
)
{
    public SqlitePoolHealth Report(bool isClosed)
    {
        PoolSample now = inspector.Sample();
        HealthInput view = new()
        {
            Statistics = now.Statistics,
            IsClosed = isClosed,
            IsFileMoved = figures.IsFileMoved,
            WasDatabaseLost = figures.WasDatabaseLost(options.Health.Window),
            NothingIsOpen = statistics.NothingIsOpen,
            Options = options.Health,
            CriticalFor = utilization.Observe(now.Statistics),
            StatementFailures = figures.Failures.Since(options.Health.Window),
            Minute = inspector.Since(options.Health.Window, now),
            Recent = inspector.Since(PoolHistory.Length, now),
            Leases = leases.Inspect(),
            LongLease =
                options.LeakThreshold == Timeout.InfiniteTimeSpan ? Thresholds.LongLease : options.LeakThreshold,
            LacksGroupCommit = lacksGroupCommit,
            SyncFailure = figures.Syncs.Failure,
            WalBytes = figures.WalBytes,
            WalLimit = options.Pragmas.JournalSizeLimitBytes,
            WalCheckpoint = options.Pragmas.WalAutoCheckpointPages * Thresholds.PageSize,
            FullestCache = now.Cache.Fullest,
            CacheSizeKiB = options.Pragmas.CacheSizeKiB,
            Engine = EngineVersion.Current,
        };
        (SqlitePoolStatus status, IReadOnlyList<string> reasons) = HealthJudge.Judge(view);
        return new SqlitePoolHealth
        {
            Status = status,
            Utilization = view.Utilization,
            LeakSuspected = view.IsLeakSuspected,
            Reasons = reasons,
            Advice = Advice.For(view),
            EngineVersion = view.Engine.ToString(),
            WalBytes = view.WalBytes,
            Statistics = view.Statistics,
        };
    }
}
