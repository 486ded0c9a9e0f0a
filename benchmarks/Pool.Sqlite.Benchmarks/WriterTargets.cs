using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks;

/// <summary>What was aimed at for concurrent writers.</summary>
internal static class WriterTargets
{
    public static IEnumerable<Target> Judge(IReadOnlyList<WriterComparison> writers) =>
    [
        .. Of(writers, new WriterCase(16, SynchronousMode.Full, null), speed: 1.1, worst: 1.0 / 20),
        .. Of(writers, new WriterCase(16, SynchronousMode.Normal, null), speed: 1.8, worst: 1.0 / 20),
        .. Of(writers, new WriterCase(64, SynchronousMode.Full, WriterCase.ManyThreads), speed: 4, worst: 1.0 / 40),
        new Target("all writers: SqliteExceptions (busy)",
            Measured(writers, crowd => crowd.Pool.SqliteErrors), "", AtMost: true, 0),
        new Target("all writers: rows missing or too many",
            Measured(writers, crowd => Math.Abs(crowd.Pool.InDatabase - crowd.Pool.Acknowledged)), "", AtMost: true, 0),
    ];

    private static IEnumerable<Target> Of(
        IReadOnlyList<WriterComparison> writers, WriterCase @case, double speed, double worst)
    {
        var found = writers.FirstOrDefault(crowd => crowd.Case == @case);
        yield return new Target(
            @case.Title + ": speed, against the driver's pool", found?.Speed, "x", AtMost: false, speed);
        yield return new Target(
            @case.Title + ": longest wait, against the driver's pool", found?.Worst, "x", AtMost: true, worst);
    }

    private static double? Measured(IReadOnlyList<WriterComparison> writers, Func<WriterComparison, long> figure) =>
        writers.Count == 0 ? null : writers.Sum(figure);
}
