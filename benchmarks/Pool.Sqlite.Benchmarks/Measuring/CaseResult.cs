namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One workload on a number of threads: all contenders, measured in turn.</summary>
internal sealed record CaseResult(string Workload, int Threads, IReadOnlyList<SeriesResult> Series)
{
    public string Title => Threads == 1 ? Workload + ", 1 thread" : $"{Workload}, {Threads} threads";

    public SeriesResult? Of(Role role) => Series.FirstOrDefault(series => series.Role == role);
}
