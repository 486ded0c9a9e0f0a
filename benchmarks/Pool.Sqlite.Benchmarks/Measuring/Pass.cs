namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>What all threads together did in one pass.</summary>
internal sealed record Pass(
    long Operations,
    double OperationsPerSecond,
    double BytesPerOperation,
    Histogram Latencies,
    long Errors,
    string? FirstError)
{
    public static Pass From(Tally[] tallies, TimeSpan elapsed, long allocated)
    {
        var latencies = new Histogram();
        Array.ForEach(tallies, tally => latencies.Add(tally.Latencies));
        var completed = tallies.Sum(tally => tally.Completed);
        var attempted = tallies.Sum(tally => tally.Attempted);
        return new Pass(
            completed,
            completed / elapsed.TotalSeconds,
            attempted == 0 ? 0 : (double)allocated / attempted,
            latencies,
            tallies.Sum(tally => tally.Errors),
            Array.Find(tallies, tally => tally.FirstError is not null)?.FirstError);
    }
}
