using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;
using Pool.Sqlite.Benchmarks.Workloads;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks;

/// <summary>Measures one query on somebody's own file, which stays as it is: it is opened read-only.</summary>
internal static class AnyDatabase
{
    public static int Run(
        string file, string query, int[] threadCounts, double seconds, string output, CancellationToken stop)
    {
        var started = DateTimeOffset.UtcNow;
        var clock = Stopwatch.StartNew();
        var checkedQuery = ReadOnlyQuery.Check(file, query);
        var console = ConsoleReport.Create();
        var surroundings = Surroundings.Now();
        var title = $"One query on {Path.GetFileName(file)}";
        ConsoleReport.Header(console, title, surroundings, quotable: true);
        console.WriteLine($"{query.Trim()}");
        console.WriteLine(
            $"{Format.Count(checkedQuery.Rows)} rows of {checkedQuery.Columns} columns, all values read.");

        using var unpooled = new Unpooled(checkedQuery.ConnectionString);
        using var driver = new DriverPool(checkedQuery.ConnectionString);
        using var pool = new ThisPool(checkedQuery.ConnectionString, threadCounts.Max());
        driver.Prepare(threadCounts.Max() + 2);
        IContender[] contenders = [unpooled, driver, pool];
        Role[] roles = [Role.Unpooled, Role.DriverPool, Role.ThisPool];

        var runner = new Runner(Plan.ForQuery(seconds), stop);
        var results = new List<CaseResult>();
        ProgressDisplay.Run(console,
        [
            .. threadCounts.Select(threads => (
                new CaseResult("query", threads, []).Title,
                (Action)(() => results.Add(runner.Run(new Case("query", threads,
                [
                    .. contenders.Select((contender, i) => new Series(
                        contender.Name, roles[i], _ => new QueryWorker(contender, query))),
                ])))))),
        ]);
        stop.ThrowIfCancellationRequested();

        var settings = contenders.ToDictionary(
            contender => contender.Name, contender => ConnectionSettings.ReadAll(contender, threadCounts.Max()));
        var report = new RunReport(
            title, Quotable: true, started, clock.Elapsed.TotalSeconds, surroundings, settings, results,
            Waiters: null, Writers: [], Queue: null, TwoProcesses: null, Targets: []);
        ConsoleReport.Write(console, report);
        var files = Artifacts.Write(output, "query", report);
        console.WriteLine($"{report.Seconds:0} s. Written: {string.Join(", ", files)}");
        return results.Exists(@case => @case.Of(Role.ThisPool) is { Errors: > 0 }) ? 1 : 0;
    }
}
