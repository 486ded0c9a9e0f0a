namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>What two processes came to that increment one counter by reading and writing it.</summary>
/// <param name="Expected">The sum of all increments; every lost update is missing from it.</param>
internal sealed record TwoProcessesResult(
    long Expected, long Final, double Seconds, IReadOnlyList<IncrementsResult> Processes)
{
    public bool Correct => Final == Expected && Processes.All(process => process.FirstError is null);
}
