using System.Diagnostics;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;
using Pool.Sqlite.Benchmarks.Workloads;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The whole comparison on a database of its own: what the program does when it is given no
/// arguments.</summary>
internal static class Comparison
{
    public static int Run(Plan plan, string output, CancellationToken stop)
    {
        var started = DateTimeOffset.UtcNow;
        var clock = Stopwatch.StartNew();
        var console = ConsoleReport.Create();
        var surroundings = Surroundings.Now();
        const string Title = "Pool.Sqlite against opening connections and against the driver's own pool";
        ConsoleReport.Header(console, Title, surroundings, plan.Quotable);

        using var database = new SampleDatabase(plan.Rows);
        var size = Format.Count(database.Bytes / 1024.0);
        console.WriteLine($"Database: {Format.Count(database.Rows)} rows, {size} KiB, a copy for each contender.");
        using var cases = new ComparisonCases(database);
        var runner = new Runner(plan, stop);
        var results = new List<CaseResult>();
        IReadOnlyDictionary<string, IReadOnlyList<string>> settings = new Dictionary<string, IReadOnlyList<string>>();
        WaiterResult? waiters = null;
        var writers = new List<WriterComparison>();
        QueueResult? queue = null;
        TwoProcessesResult? twoProcesses = null;

        ProgressDisplay.Run(console,
        [
            .. cases.All().Select(@case => (
                new CaseResult(@case.Workload, @case.Threads, []).Title,
                (Action)(() => results.Add(runner.Run(@case))))),
            ("ten thousand waiting tasks", () => waiters = new WaiterCrowd(database.Copy("waiters")).Run()),
            // Of the cases' connections; after them, so that it also sees what the load did to the connections.
            ("settings in force", () => settings = ReadSettings(cases)),
            ("writers, warming up", () => WarmUpWriters(plan, database, stop)),
            .. WriterCase.All.Select(@case => (
                @case.Title, (Action)(() => writers.Add(new WriterCrowd(plan, database, stop).Run(@case))))),
            ("the write queue", () => queue = new QueueWork(plan, database, stop).Run()),
            ("two processes", () => twoProcesses = TwoProcesses.Run(database, plan.Increments, stop)),
        ]);
        stop.ThrowIfCancellationRequested();

        var report = new RunReport(
            Title, plan.Quotable, started, clock.Elapsed.TotalSeconds, surroundings, settings, results, waiters,
            writers, queue, twoProcesses, Targets.Judge(results, waiters, writers, queue, twoProcesses, Engine.DriverMajor));
        ConsoleReport.Write(console, report);
        var files = Artifacts.Write(output, plan.Quotable ? "comparison" : "comparison-smoke", report);
        console.WriteLine($"{report.Seconds:0} s. Written: {string.Join(", ", files)}");

        // A target that is missed is a figure; a waiter that is not served or a write that is lost is a fault.
        return waiters is { Correct: true } && writers.TrueForAll(crowd => crowd.Correct)
            && queue is { Correct: true } && twoProcesses is { Correct: true } ? 0 : 1;
    }

    // The asynchronous waits are code that nothing before has run.
    private static void WarmUpWriters(Plan plan, SampleDatabase database, CancellationToken stop) =>
        new WriterCrowd(plan with { Writes = Plan.Smoke.Writes }, database, stop).Run(
            new WriterCase(16, SynchronousMode.Normal, null));

    private static Dictionary<string, IReadOnlyList<string>> ReadSettings(ComparisonCases cases) =>
        cases.Contenders.ToDictionary(
            contender => contender.Name,
            contender => ConnectionSettings.ReadAll(contender, ComparisonCases.ManyThreads));
}
