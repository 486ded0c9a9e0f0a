namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>What a crowd of concurrent writers came to through one contender. Times are in milliseconds.</summary>
/// <param name="Acknowledged">Inserts that the callers were told are committed.</param>
/// <param name="InDatabase">Rows found in the database afterwards. Anything but <paramref name="Acknowledged"/> is a
/// bug.</param>
/// <param name="SqliteErrors">How often SQLite said no, usually "database is locked".</param>
/// <param name="Settings">What was in force on the connections; more than one line means they differed.</param>
internal sealed record WriterResult(
    string Name,
    double OperationsPerSecond,
    double P50,
    double P99,
    double Worst,
    long Acknowledged,
    long InDatabase,
    long SqliteErrors,
    string? FirstError,
    IReadOnlyList<string> Settings)
{
    public bool Correct => Acknowledged == InDatabase;
}
