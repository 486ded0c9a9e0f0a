using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks;

/// <summary>Sets what was measured in this run beside what was aimed at. All ratios are of figures of the same
/// run.</summary>
internal static class Targets
{
    public static IReadOnlyList<Target> Judge(
        IReadOnlyList<CaseResult> cases,
        WaiterResult? waiters,
        IReadOnlyList<WriterComparison> writers,
        QueueResult? queue,
        TwoProcessesResult? twoProcesses,
        int driverMajor) =>
    [
        .. RentOnOneThread(cases, driverMajor),
        .. RentOnManyThreads(cases, driverMajor),
        .. RentWithMeters(cases),
        .. PointRead(cases),
        .. OtherReads(cases),
        .. Waiters(waiters),
        .. WriterTargets.Judge(writers),
        .. QueueTargets.Judge(queue),
        .. Processes(twoProcesses),
    ];

    private static IEnumerable<Target> RentOnOneThread(IReadOnlyList<CaseResult> cases, int driverMajor)
    {
        var rent = Find(cases, ComparisonCases.Rent, 1);
        var pool = rent?.Of(Role.ThisPool);
        yield return new Target(
            "rent and return: time, against U", Time(pool, rent?.Of(Role.Floor)), "x", AtMost: true, 2.1);
        yield return new Target("rent and return: allocated", WholeBytes(pool), "B", AtMost: true, 80);

        // The goal was set against the driver's sixth version; its tenth has a faster pool and no such goal.
        if (driverMajor < 10)
        {
            yield return new Target(
                "rent and return: speed, against the driver's pool",
                pool?.TimesOf(rent?.Of(Role.DriverPool)), "x", AtMost: false, 6);
        }
    }

    private static IEnumerable<Target> RentOnManyThreads(IReadOnlyList<CaseResult> cases, int driverMajor)
    {
        var rent = Find(cases, ComparisonCases.Rent, ComparisonCases.ManyThreads);
        yield return new Target(
            $"rent and return, {ComparisonCases.ManyThreads} threads: time, against the driver's pool",
            Time(rent?.Of(Role.ThisPool), rent?.Of(Role.DriverPool)),
            "x",
            AtMost: true,
            driverMajor < 10 ? 0.25 : 0.65);
    }

    private static IEnumerable<Target> RentWithMeters(IReadOnlyList<CaseResult> cases)
    {
        var metered = Find(cases, ComparisonCases.Metered, 1);
        yield return new Target(
            "rent and return with meters on: time added",
            metered?.Of(Role.ThisPoolMetered)?.TypicalNanoseconds - metered?.Of(Role.ThisPool)?.TypicalNanoseconds,
            "ns",
            AtMost: true,
            60);
        yield return new Target(
            "rent and return with meters on: allocated", WholeBytes(metered?.Of(Role.ThisPoolMetered)), "B", AtMost: true, 80);
    }

    // Once a second the housekeeper allocates beside them, which is a hundredth of a byte for each.
    private static double? WholeBytes(SeriesResult? series) => series is null ? null : Math.Round(series.BytesPerOperation);

    private static IEnumerable<Target> PointRead(IReadOnlyList<CaseResult> cases)
    {
        var point = Find(cases, ComparisonCases.Point, 1);
        var pool = point?.Of(Role.ThisPool);
        yield return new Target(
            "point read: time, against F", Time(pool, point?.Of(Role.Floor)), "x", AtMost: true, 1.4);
        yield return new Target("point read: allocated", WholeBytes(pool), "B", AtMost: true, 700);
        yield return new Target(
            "point read: speed, against the driver's pool",
            pool?.TimesOf(point?.Of(Role.DriverPool)), "x", AtMost: false, 1.9);
    }

    private static IEnumerable<Target> OtherReads(IReadOnlyList<CaseResult> cases)
    {
        var dapper = Find(cases, ComparisonCases.Dapper, 1);
        yield return new Target(
            "point read through Dapper: speed, against the driver's pool",
            dapper?.Of(Role.ThisPool)?.TimesOf(dapper.Of(Role.DriverPool)), "x", AtMost: false, 1.7);
        var ten = Find(cases, ComparisonCases.TenReads, 1);
        yield return new Target(
            "ten point reads in one reader lease: time, against ten of the driver's pool",
            Time(ten?.Of(Role.ThisPool), ten?.Of(Role.DriverPool)), "x", AtMost: true, 0.3);
    }

    private static IEnumerable<Target> Processes(TwoProcessesResult? result)
    {
        yield return new Target(
            "two processes: updates lost", result is null ? null : Math.Abs(result.Expected - result.Final), "",
            AtMost: true, 0);
    }

    private static IEnumerable<Target> Waiters(WaiterResult? waiters)
    {
        // The runtime may start a thread or two of its own at any time; a blocked thread per waiter would be thousands.
        yield return new Target("waiting: more threads than before",
            waiters is null ? null : Math.Max(0, waiters.ThreadsWaiting - waiters.ThreadsBefore), "", AtMost: true, 2);
        yield return new Target(
            "waiting: memory held by a waiter", waiters?.HeldBytesPerWaiter, "B", AtMost: true, 1_024);
        yield return new Target("waiting: served",
            waiters is null ? null : waiters.Served, "", AtMost: false, waiters?.Waiters ?? 0);
        yield return new Target(
            "waiting: connections found in two hands", waiters?.SharedConnections, "", AtMost: true, 0);
    }

    private static CaseResult? Find(IReadOnlyList<CaseResult> cases, string workload, int threads) =>
        cases.FirstOrDefault(@case => @case.Workload == workload && @case.Threads == threads);

    private static double? Time(SeriesResult? one, SeriesResult? other) => other?.TimesOf(one);
}
