using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Adds up the figures of one database's pools.</summary>
internal sealed class StatisticsReader(
    LeasePool<PhysicalConnection> leases,
    LeasePool<PhysicalConnection>[] all,
    ConnectionFigures figures,
    WaitReporter waits,
    Func<long> leaks,
    Func<SqlitePoolWriteQueueStatistics> writes
)
{
    /// <summary>True when not even a writer has its connection.</summary>
    public bool NothingIsOpen => all.All(static pool => pool.Count().Open == 0);

    /// <summary>Has each open connection look at its page cache when it comes back next.</summary>
    public void WantCacheLooks()
    {
        foreach (PhysicalConnection connection in all.SelectMany(static pool => pool.Values))
        {
            connection.WantsCacheLook = true;
        }
    }

    public SqlitePoolStatistics Read()
    {
        LeaseCounts counts = leases.Count();
        LeaseCounts[] each = [.. all.Select(static pool => pool.Count())];
        (long statementHits, long statementMisses) = figures.CountStatements([
            .. all.SelectMany(static pool => pool.Values).Select(static value => value.Statements),
        ]);
        return new SqlitePoolStatistics
        {
            PoolSize = leases.Size,
            MaxOverflow = leases.MaxOverflow,
            Open = counts.Open,
            InUse = counts.InUse,
            Opening = counts.Opening,
            Waiting = counts.Waiting,
            PeakInUse = counts.PeakInUse,
            Hits = counts.Rents - counts.Misses,
            Misses = counts.Misses,
            Timeouts = counts.Timeouts,
            Cancellations = counts.Cancellations,
            OpenFailures = each.Sum(static pool => pool.OpenFailures),
            HealthCheckFailures = each.Sum(static pool => pool.HealthCheckFailures),
            Leaks = leaks(),
            Discarded = counts.Closed(RetireReason.Unclean) + counts.Closed(RetireReason.Unhealthy),
            ClosedByAge = counts.Closed(RetireReason.Age),
            ClosedByIdle = counts.Closed(RetireReason.Idle),
            ClosedByOverflow = counts.Closed(RetireReason.Overflow),
            ClosedByClear = counts.Closed(RetireReason.Clear),
            ClosedByRetire = counts.Closed(RetireReason.Retired),
            StatementHits = statementHits,
            StatementMisses = statementMisses,
            WaitTime = leases.WaitTimes.Summarize(),
            WriteGateWaiting = waits.WriteGateWaiting,
            WriteGateWaits = waits.WriteGateWaits.Summarize(),
            Writes = writes(),
            SyncedCommits = figures.Syncs.Commits,
            SyncFailures = figures.Syncs.Failures,
            SyncTime = figures.Syncs.Times.Summarize(),
        };
    }
}
