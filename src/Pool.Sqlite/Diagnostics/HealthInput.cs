namespace Pool.Sqlite.Diagnostics;

/// <summary>Everything that health and advice are judged by.</summary>
internal sealed record HealthInput
{
    public required SqlitePoolStatistics Statistics { get; init; }

    public required bool IsClosed { get; init; }

    /// <summary>True when not even a writer has its connection.</summary>
    public required bool NothingIsOpen { get; init; }

    /// <summary>The last minute.</summary>
    public required PoolWindow Minute { get; init; }

    /// <summary>The last minutes, as far as the history goes.</summary>
    public required PoolWindow Recent { get; init; }

    public required IReadOnlyList<LeaseSnapshot> Leases { get; init; }

    /// <summary>From where on a lease is out for too long.</summary>
    public required TimeSpan LongLease { get; init; }

    public required long WalBytes { get; init; }

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
}

/// <summary>A lease, with what the pool notes of it.</summary>
/// <param name="Lease">As the outside sees it.</param>
/// <param name="Notes">The notes of its connection.</param>
/// <param name="Rent">The number of the rent on its connection.</param>
/// <param name="Snapshot">The number of the state of the database that it reads from; 0 for none.</param>
internal sealed record LeaseSnapshot(SqlitePoolLease Lease, LeaseRecord Notes, long Rent, long Snapshot)
{
    /// <summary>How much the WAL has grown while it read from one state, given its size now.</summary>
    public long WalGrowth(long walBytes) => Notes.Sight is { } sight && sight.Snapshot == Snapshot ? walBytes - sight.WalBytes : 0;
}
