namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One workload on a number of threads, and all who take part in it.</summary>
/// <param name="Longer">Rare long waits matter here: measure for longer.</param>
/// <param name="Warm">The cases before have compiled this code and opened these connections.</param>
internal sealed record Case(
    string Workload, int Threads, IReadOnlyList<Series> Series, bool Longer = false, bool Warm = false);
