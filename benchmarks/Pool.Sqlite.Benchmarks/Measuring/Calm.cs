using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Tells whether this program had the machine to itself: the same arithmetic on every core, timed before each
/// round, and the rounds themselves.</summary>
internal sealed class Calm
{
    private const int Steps = 2_000_000;
    private const double Slow = 1.3;
    private const double MostSlow = 0.15;
    private const double FarApart = 0.3;
    private const double MostFarApart = 0.25;

    private readonly List<double> _milliseconds = [];

    public Calm() => Spin();

    public IReadOnlyList<double> Milliseconds => _milliseconds;

    public void Probe()
    {
        Thread[] others = Enumerable
            .Range(1, Environment.ProcessorCount - 1)
            .Select(_ => new Thread(Spin) { IsBackground = true })
            .ToArray();
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(others, thread => thread.Start());
        Spin();
        Array.ForEach(others, thread => thread.Join());
        _milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>Why the figures must not be quoted; null when they may be.</summary>
    public string? Objection(IEnumerable<CaseResult> results)
    {
        // Where writers collide, rounds are apart by nature; where threads just loop, only a disturbed machine does it.
        SeriesResult[] loops = results.SelectMany(result => result.Series).Where(series => series.Steady).ToArray();
        int apart = loops.Count(series => series.Spread > FarApart);
        if (apart > loops.Length * MostFarApart)
        {
            return $"in {apart} of {loops.Length} series the rounds are more than {FarApart:P0} apart";
        }

        double best = _milliseconds.DefaultIfEmpty().Min();
        int slow = _milliseconds.Count(time => time > best * Slow);
        return slow > _milliseconds.Count * MostSlow
            ? $"{slow} of {_milliseconds.Count} times the same arithmetic took more than {Slow} times as long as it can"
            : null;
    }

    private static void Spin()
    {
        ulong state = 1;
        for (int i = 0; i < Steps; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }

        GC.KeepAlive(state);
    }
}
