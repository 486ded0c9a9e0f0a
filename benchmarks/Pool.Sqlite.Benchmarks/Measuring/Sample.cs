using HdrHistogram;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One pass of one contestant.</summary>
/// <param name="Latencies">In nanoseconds; null where single operations are too short to be stamped.</param>
/// <param name="FirstError">Of those that failed; failing under load is a result, not a reason to stop.</param>
internal sealed record Sample(
    long Operations,
    TimeSpan Elapsed,
    long Allocated,
    HistogramBase? Latencies,
    long Errors,
    string? FirstError
)
{
    public double PerSecond => Operations / Elapsed.TotalSeconds;

    public double BytesPerOperation => Operations == 0 ? 0 : (double)Allocated / Operations;
}
