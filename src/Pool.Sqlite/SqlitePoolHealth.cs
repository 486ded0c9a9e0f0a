using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite;

/// <summary>The health of a pool.</summary>
public enum SqlitePoolStatus
{
    /// <summary>All is well.</summary>
    Healthy,

    /// <summary>It works, and something should be looked at.</summary>
    Warning,

    /// <summary>
    /// Users are hurt: rents are refused or wait for long, or the database cannot be read or written.
    /// </summary>
    Critical,
}

/// <summary>The health of a pool, with reasons and advice.</summary>
public sealed record SqlitePoolHealth
{
    /// <summary>The worst of what was found.</summary>
    public required SqlitePoolStatus Status { get; init; }

    /// <summary>
    /// Connections in use out of <c>PoolSize + MaxOverflow</c>, from 0 to 1: a warning above 0.7, see
    /// <see cref="SqlitePoolHealthOptions"/>.
    /// </summary>
    public required double Utilization { get; init; }

    /// <summary>
    /// True when the pool has been used up for so long that leases are likely to be held for nothing: see
    /// <see cref="SqlitePoolHealthOptions.CriticalUtilization"/>, without which it is always false.
    /// </summary>
    public required bool LeakSuspected { get; init; }

    /// <summary>
    /// The reasons why <see cref="Status"/> is worse than healthy, a sentence each, with its figures.
    /// </summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Recommendations, each with the figures that led to it. Empty without evidence.</summary>
    public required IReadOnlyList<SqlitePoolAdvice> Advice { get; init; }

    /// <summary>The version of SQLite, <c>3.51.3</c>.</summary>
    public required string EngineVersion { get; init; }

    /// <summary>The size of the <c>-wal</c> file in bytes; 0 when there is none.</summary>
    public required long WalBytes { get; init; }

    /// <summary>The figures that it was judged by.</summary>
    public required SqlitePoolStatistics Statistics { get; init; }
}

/// <summary>Something that would help a pool.</summary>
/// <param name="Id">Names the kind of advice, for alerts; it stays the same between versions.</param>
/// <param name="Recommendation">What to do.</param>
/// <param name="Evidence">The figures that led to it.</param>
public sealed record SqlitePoolAdvice(string Id, string Recommendation, string Evidence)
{
    /// <summary>The importance. Default <see cref="SqlitePoolAdviceSeverity.Info"/>.</summary>
    public SqlitePoolAdviceSeverity Severity { get; init; }
}

/// <summary>The importance of advice.</summary>
public enum SqlitePoolAdviceSeverity
{
    /// <summary>It works as it is, and could be faster.</summary>
    Info,

    /// <summary>It costs users time now, or will cause trouble if it goes on.</summary>
    Warning,

    /// <summary>Data is at risk.</summary>
    Critical,
}
