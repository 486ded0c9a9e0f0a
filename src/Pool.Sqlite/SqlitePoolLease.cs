using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite;

/// <summary>One connection that is out on loan.</summary>
public sealed record SqlitePoolLease
{
    /// <summary><see cref="SqlitePoolConnection.LeaseId"/> of the lease.</summary>
    public required long LeaseId { get; init; }

    /// <summary>The lease as log messages name it: connection and rent.</summary>
    public required string Name { get; init; }

    /// <summary>The role of the lease: reading, writing, or both.</summary>
    public required SqlitePoolConnectionRole Role { get; init; }

    /// <summary>
    /// The time that it has been out: exact when <see cref="SqlitePoolOptions.CaptureRentSite"/> or
    /// <see cref="SqlitePoolOptions.LeakThreshold"/> is set, otherwise short by at most the housekeeper's period, one
    /// second.
    /// </summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Where it was rented, if <see cref="SqlitePoolOptions.CaptureRentSite"/> is on.</summary>
    public string? RentSite { get; init; }

    /// <summary>
    /// The SQL that it is running, or reading the rows of; null when it does neither. Never a parameter's value.
    /// </summary>
    public string? Sql { get; init; }

    /// <summary>
    /// The time that it has been reading from one state of the database (a transaction, or rows that are being read),
    /// to about a second; null when it does not. As long as it does, the WAL cannot be reset.
    /// </summary>
    public TimeSpan? SnapshotAge { get; init; }

    /// <summary>True when it holds the write gate: nothing else in this process can write meanwhile.</summary>
    public required bool HoldsWriteGate { get; init; }
}
