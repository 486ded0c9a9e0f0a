namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>What one process came to with its increments of the shared counter.</summary>
/// <param name="Worst">The longest that one increment took, waiting included, in milliseconds.</param>
internal sealed record IncrementsResult(int Process, int Done, double Worst, string? FirstError);
