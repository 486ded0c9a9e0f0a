namespace Pool.Sqlite;

/// <summary>What <see cref="SqlitePool.TestConnectionAsync"/> found.</summary>
public sealed class SqlitePoolConnectionTest
{
    internal SqlitePoolConnectionTest(TimeSpan duration, Exception? error)
    {
        Duration = duration;
        Error = error;
    }

    /// <summary>True when a connection was lent and could read the database.</summary>
    public bool IsSuccess => Error is null;

    /// <summary>How long the test took, waiting included.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The reason why not; null on success.</summary>
    public Exception? Error { get; }

    /// <summary>The result in a sentence.</summary>
    public override string ToString() =>
        Error is null
            ? Diagnostics.Records.MessageFormat.Of($"The database can be read ({Duration.TotalMilliseconds:0.0} ms).")
            : $"The database cannot be used: {Error.Message}";
}
