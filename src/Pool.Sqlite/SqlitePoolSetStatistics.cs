using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite;

/// <summary>One look at a <see cref="SqlitePoolSet"/>. What is counted is counted since the set was made.</summary>
public sealed record SqlitePoolSetStatistics
{
    /// <summary>The number of connections that may be open.</summary>
    public required int MaxOpenConnections { get; init; }

    /// <summary>Connections that are open, or are being opened or closed.</summary>
    public required int OpenConnections { get; init; }

    /// <summary>The most of them at once.</summary>
    public required int PeakOpenConnections { get; init; }

    /// <summary>Rents that wait at this moment because <see cref="MaxOpenConnections"/> is reached.</summary>
    public required int Waiting { get; init; }

    /// <summary>The time that rents waited because it was reached, those that were served in the end.</summary>
    public required DurationSummary WaitTime { get; init; }

    /// <summary>Rents that were refused because it was reached for too long.</summary>
    public required long Timeouts { get; init; }

    /// <summary>Idle connections that were closed because another rent wanted their place.</summary>
    public required long Evictions { get; init; }

    /// <summary>Pools that are kept at this moment.</summary>
    public int OpenPools => Pools.Count;

    /// <summary>Pools that were made.</summary>
    public required long PoolsMade { get; init; }

    /// <summary>Pools that were closed because they were not used, or too many.</summary>
    public required long PoolsClosed { get; init; }

    /// <summary>Each pool that is kept, by its key.</summary>
    public required IReadOnlyDictionary<string, SqlitePoolStatistics> Pools { get; init; }
}
