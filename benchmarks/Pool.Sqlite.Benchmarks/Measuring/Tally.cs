using System.Diagnostics;
using HdrHistogram;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>What one thread or task did in one pass.</summary>
internal sealed class Tally(bool stamps)
{
    private const long Longest = 600_000_000_000;

    public HistogramBase? Latencies { get; } = stamps ? NewHistogram() : null;

    public long Operations { get; set; }

    public long Errors { get; private set; }

    public string? FirstError { get; private set; }

    public void Fail(Exception error)
    {
        Errors++;
        FirstError ??= error.GetType().Name + ": " + error.Message;
    }

    /// <summary>From 1 ns to ten minutes, two significant figures.</summary>
    public static HistogramBase NewHistogram() => new LongHistogram(Longest, 2);

    /// <summary>Ticks of the clock as nanoseconds that a histogram takes.</summary>
    public static long Limit(long ticks) => Math.Min(Longest, (long)(ticks * (1e9 / Stopwatch.Frequency)));

    public static Sample Sum(Tally[] tallies, TimeSpan elapsed, long allocated)
    {
        HistogramBase? latencies = null;
        foreach (HistogramBase one in tallies.Select(tally => tally.Latencies).OfType<HistogramBase>())
        {
            (latencies ??= NewHistogram()).Add(one);
        }

        return new Sample(
            tallies.Sum(tally => tally.Operations),
            elapsed,
            allocated,
            latencies,
            tallies.Sum(tally => tally.Errors),
            Array.Find(tallies, tally => tally.FirstError is not null)?.FirstError
        );
    }
}
