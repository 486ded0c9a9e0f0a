using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>How long and how often everything is measured.</summary>
/// <param name="WarmUp">Long enough for tiered compilation to arrive at optimised code.</param>
/// <param name="WarmUpMany">The same on several threads, where the code is compiled by now and only connections are
/// missing.</param>
/// <param name="MeasureMany">Threads that have to share cores need longer for a steady figure.</param>
/// <param name="Longer">Replaces both where rare long waits (150 ms and more) matter.</param>
/// <param name="Latency">The pass that stamps every operation of a tiny one.</param>
/// <param name="Writes">What a crowd of writers has to write between them, each contender, where every commit waits for
/// the disk; and where none does.</param>
/// <param name="Increments">What each of two processes adds to the counter.</param>
/// <param name="Quotable">False: too short to say anything but that it runs.</param>
internal sealed record Plan(
    TimeSpan WarmUp,
    TimeSpan WarmUpMany,
    TimeSpan Measure,
    TimeSpan MeasureMany,
    TimeSpan Longer,
    TimeSpan Latency,
    (int Full, int Normal) Writes,
    int Increments,
    int Rounds,
    int Rows,
    bool Quotable)
{
    public static Plan Full { get; } = new(
        WarmUp: TimeSpan.FromMilliseconds(300),
        WarmUpMany: TimeSpan.FromMilliseconds(150),
        Measure: TimeSpan.FromMilliseconds(200),
        MeasureMany: TimeSpan.FromMilliseconds(250),
        Longer: TimeSpan.FromMilliseconds(400),
        Latency: TimeSpan.FromMilliseconds(100),
        Writes: (6_400, 48_000),
        Increments: TwoProcesses.Times,
        Rounds: 3,
        Rows: 100_000,
        Quotable: true);

    public static Plan Smoke { get; } = new(
        WarmUp: TimeSpan.FromMilliseconds(40),
        WarmUpMany: TimeSpan.FromMilliseconds(20),
        Measure: TimeSpan.FromMilliseconds(50),
        MeasureMany: TimeSpan.FromMilliseconds(50),
        Longer: TimeSpan.FromMilliseconds(50),
        Latency: TimeSpan.FromMilliseconds(20),
        Writes: (320, 1_600),
        Increments: 100,
        Rounds: 1,
        Rows: 100_000,
        Quotable: false);

    /// <summary>For one query on a given file: <paramref name="seconds"/> for every contender, in three
    /// rounds.</summary>
    public static Plan ForQuery(double seconds) => Full with
    {
        WarmUp = TimeSpan.FromSeconds(Math.Clamp(seconds / 4, 0.05, 0.5)),
        WarmUpMany = TimeSpan.FromSeconds(Math.Clamp(seconds / 4, 0.05, 0.5)),
        Measure = TimeSpan.FromSeconds(seconds / 3),
        MeasureMany = TimeSpan.FromSeconds(seconds / 3),
    };

    public TimeSpan WarmUpFor(Case @case) => @case.Threads == 1 ? WarmUp : WarmUpMany;

    public TimeSpan MeasureFor(Case @case) => @case.Longer ? Longer : @case.Threads == 1 ? Measure : MeasureMany;
}
