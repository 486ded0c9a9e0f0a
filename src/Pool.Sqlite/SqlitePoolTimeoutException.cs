namespace Pool.Sqlite;

/// <summary>No connection could be lent in time. The message and the properties say how the pool stood.</summary>
public sealed class SqlitePoolTimeoutException : TimeoutException
{
    internal SqlitePoolTimeoutException(string message, Exception? cause = null)
        : base(message, cause) { }

    /// <summary>The name of the pool.</summary>
    public required string PoolName { get; init; }

    /// <summary>How long the rent had waited.</summary>
    public required TimeSpan Waited { get; init; }

    /// <summary>The base size.</summary>
    public required int PoolSize { get; init; }

    /// <summary>How many connections there may be beyond the base size.</summary>
    public required int MaxOverflow { get; init; }

    /// <summary>How many were out.</summary>
    public required int InUse { get; init; }

    /// <summary>How many others were waiting.</summary>
    public required int Waiting { get; init; }

    /// <summary>How long the longest-held lease had been out, to about a second; null when none was out.</summary>
    public required TimeSpan? LongestHeld { get; init; }

    /// <summary>
    /// Where the longest-held lease was rented, if <see cref="SqlitePoolOptions.CaptureRentSite"/> is on.
    /// </summary>
    public required string? LongestHeldRentSite { get; init; }
}
