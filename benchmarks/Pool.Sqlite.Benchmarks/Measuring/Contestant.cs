namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One that takes part in a case, on a database of its own.</summary>
/// <param name="Create">Makes its work on the database of this connection string.</param>
/// <param name="Writes">It gets a database without rows.</param>
internal sealed record Contestant(Role Role, Func<string, Work> Create, bool Writes = false);
