namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>How long and how often everything is measured.</summary>
/// <param name="LoopRounds">Rounds of what loops for <paramref name="Pass"/>.</param>
/// <param name="CrowdRounds">Rounds of what has a fixed number of operations to do.</param>
/// <param name="WarmUp">Long enough for tiered compilation to arrive at optimised code.</param>
/// <param name="CrowdWarmUp">The same for crowds, whose operations are larger.</param>
/// <param name="Share">The part of a crowd's operations that is done.</param>
/// <param name="Quotable">False: too short to say anything but that it runs.</param>
internal sealed record Effort(
    int LoopRounds,
    int CrowdRounds,
    TimeSpan WarmUp,
    TimeSpan Pass,
    TimeSpan CrowdWarmUp,
    double Share,
    bool Quotable
)
{
    public static Effort Full { get; } =
        new(
            11,
            3,
            TimeSpan.FromMilliseconds(500),
            TimeSpan.FromMilliseconds(100),
            TimeSpan.FromSeconds(2),
            Share: 1,
            Quotable: true
        );

    public static Effort Smoke { get; } =
        new(
            1,
            1,
            TimeSpan.FromMilliseconds(20),
            TimeSpan.FromMilliseconds(30),
            TimeSpan.Zero,
            Share: 0.05,
            Quotable: false
        );

    /// <summary>For one query on a given file: <paramref name="seconds"/> for every contender.</summary>
    public static Effort ForQuery(double seconds) =>
        Full with
        {
            WarmUp = TimeSpan.FromSeconds(Math.Clamp(seconds / 4, 0.05, 0.5)),
            Pass = TimeSpan.FromSeconds(seconds / Full.LoopRounds),
        };

    /// <summary>For watching one contestant with a profiler: passes of about a second.</summary>
    public static Effort Profile { get; } = Full with { Pass = TimeSpan.FromSeconds(1) };

    /// <summary>The same with a warm-up of at least <paramref name="needed"/>, unless the run is too short for any.</summary>
    public Effort For(TimeSpan needed) =>
        Quotable
            ? this with
            {
                WarmUp = TimeSpan.FromTicks(Math.Max(WarmUp.Ticks, needed.Ticks)),
                CrowdWarmUp = TimeSpan.FromTicks(Math.Max(CrowdWarmUp.Ticks, needed.Ticks)),
            }
            : this;

    /// <summary>A number of things to do, reduced for a short run.</summary>
    public int Scale(int full, int atLeast = 1) => Math.Max(atLeast, (int)(full * Share));
}
