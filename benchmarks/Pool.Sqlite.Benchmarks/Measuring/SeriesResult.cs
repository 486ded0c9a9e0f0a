namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One contender's figures at one workload: throughput and bytes of the median round, latencies of all
/// rounds.</summary>
/// <param name="NanosecondsPerOperation">Wall time divided by the operations of all threads.</param>
/// <param name="StampedSeparately">The latencies come from a pass of their own and include the reading of the
/// clock.</param>
/// <param name="TypicalNanoseconds">The median of the throughput pass: of a tiny operation a thousand at a time, so that
/// whatever interrupts some of the thousands does not count.</param>
/// <param name="RoundsOperationsPerSecond">Every round, in order, so that a reader sees how far they are apart.</param>
internal sealed record SeriesResult(
    string Name,
    Role Role,
    double OperationsPerSecond,
    double NanosecondsPerOperation,
    long P50,
    long P99,
    long Worst,
    long TypicalNanoseconds,
    double BytesPerOperation,
    bool StampedSeparately,
    long Operations,
    long Errors,
    string? FirstError,
    IReadOnlyList<double> RoundsOperationsPerSecond)
{
    /// <summary>How many times the throughput of <paramref name="other"/>; null when there is nothing to
    /// compare.</summary>
    public double? TimesOf(SeriesResult? other) =>
        other is null || other.OperationsPerSecond <= 0 || OperationsPerSecond <= 0
            ? null
            : OperationsPerSecond / other.OperationsPerSecond;

    /// <summary>The distance between the best and the worst round, as a share of the median.</summary>
    public double Spread => OperationsPerSecond <= 0
        ? 0
        : (RoundsOperationsPerSecond.Max() - RoundsOperationsPerSecond.Min()) / OperationsPerSecond;
}
