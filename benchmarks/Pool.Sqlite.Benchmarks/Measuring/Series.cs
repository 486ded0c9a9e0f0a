namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One contender at one workload.</summary>
/// <param name="Tiny">The operation is so short that a clock reading each would be a large part of it: throughput is
/// then timed a thousand at a time, and latencies come from a pass of their own.</param>
internal sealed record Series(string Name, Role Role, Func<int, Worker> CreateWorker, bool Tiny = false);
