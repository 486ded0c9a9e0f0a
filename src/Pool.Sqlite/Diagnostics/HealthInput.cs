using Pool.Sqlite.Diagnostics.Records;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Everything that health and advice are judged by.</summary>
internal sealed record HealthInput
{
    public required SqlitePoolStatistics Statistics { get; init; }

    public required bool IsClosed { get; init; }

    /// <summary>True while the database file is not the one that was open, and none has been opened since.</summary>
    public bool IsFileMoved { get; init; }

    /// <summary>True when a private memory database was lost in the time that the status is judged by.</summary>
    public bool WasDatabaseLost { get; init; }

    /// <summary>True when not even a writer has its connection.</summary>
    public required bool NothingIsOpen { get; init; }

    public required SqlitePoolHealthOptions Options { get; init; }

    /// <summary>For how long utilization has been critical.</summary>
    public required TimeSpan CriticalFor { get; init; }

    /// <summary>Statements that the database itself made fail.</summary>
    public required IReadOnlyList<StatementFailure> StatementFailures { get; init; }

    public bool IsLeakSuspected => CriticalFor > TimeSpan.Zero && CriticalFor >= Options.CriticalUtilizationTime;

    /// <summary>The time that the status is judged by.</summary>
    public required PoolWindow Minute { get; init; }

    /// <summary>The last minutes, as far as the history goes.</summary>
    public required PoolWindow Recent { get; init; }

    public required IReadOnlyList<LeaseSnapshot> Leases { get; init; }

    /// <summary>From where on a lease is out for too long.</summary>
    public required TimeSpan LongLease { get; init; }

    public required long WalBytes { get; init; }

    /// <summary>True where commits are synced one by one, and group commit would share the syncs.</summary>
    public bool LacksGroupCommit { get; init; }

    /// <summary>Why the last sync of group commit failed; null when it did not.</summary>
    public string? SyncFailure { get; init; }

    /// <summary><c>journal_size_limit</c>; negative for none.</summary>
    public required long WalLimit { get; init; }

    /// <summary>At which size of the WAL a commit runs a checkpoint; 0 for none.</summary>
    public required long WalCheckpoint { get; init; }

    public required double FullestCache { get; init; }

    public required int CacheSizeKiB { get; init; }

    public required EngineVersion Engine { get; init; }

    public int Limit => Statistics.PoolSize + Statistics.MaxOverflow;

    public double Utilization => (double)Statistics.InUse / Limit;

    /// <summary>A sentence on how full the write queue was.</summary>
    public string DescribeFullQueue(PoolWindow window) =>
        MessageFormat.Of(
            $"in the last {MessageFormat.Time(window.Elapsed)} {MessageFormat.Count(window.PostsRefused, "post was", "posts were")} refused, and {MessageFormat.Count(window.RoomWaits.Count, "write")} waited for room, {MessageFormat.Time(window.RoomWaits.Mean)} each (Capacity {Statistics.Writes.Capacity})"
        );
}
