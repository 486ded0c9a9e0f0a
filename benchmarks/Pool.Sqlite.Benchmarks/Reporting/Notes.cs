using System.Globalization;
using Pool.Sqlite.Benchmarks.Measuring;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>What a reader has to know about the figures, and what went wrong while they were taken.</summary>
internal static class Notes
{
    public static void Write(IAnsiConsole console, RunReport report)
    {
        HowItWasMeasured(console, report);
        Failures(console, report.Cases);
        Settings(console, report.Settings);
        Steadiness(console, report);
        console.WriteLine();
    }

    private static void HowItWasMeasured(IAnsiConsole console, RunReport report)
    {
        console.WriteLine(
            "op/s and time/op: wall time over the operations of all threads, median round. "
            + "p50, p99, worst: all rounds; with more threads than cores they include waiting for a core.");
        if (report.Cases.Any(@case => @case.Series.Any(series => series.StampedSeparately)))
        {
            var clock = Format.Time(report.Surroundings.ClockNanoseconds);
            console.WriteLine(
                "¹ Throughput timed 1,000 operations at a time; the latencies come from a pass of their own that reads "
                + $"the clock at every operation and contain that reading ({clock}).");
        }

        console.WriteLine(
            "The driver's pool: every connection got the same PRAGMAs once beforehand, and nothing at an open. "
            + "Unpooled: four PRAGMAs at every open.");
        console.WriteLine(
            "This pool keeps SQLite's lock for reading while nobody writes, so its point reads can come out below F. "
            + "\"written to\": its database is written to five times a second meanwhile, and the lock is not kept.");
    }

    private static void Failures(IAnsiConsole console, IReadOnlyList<CaseResult> cases)
    {
        foreach (var @case in cases)
        {
            foreach (var series in @case.Series.Where(series => series.Errors > 0))
            {
                console.MarkupLineInterpolated(
                    $"[yellow]{@case.Title}: {series.Name} failed {series.Errors} times, first with {series.FirstError}[/]");
            }
        }
    }

    private static void Settings(IAnsiConsole console, IReadOnlyDictionary<string, IReadOnlyList<string>> settings)
    {
        foreach (var (name, found) in settings.Where(pair => pair.Value.Count != 1))
        {
            console.MarkupLineInterpolated(
                $"[yellow]{name}: connections ran under different settings: {string.Join(" | ", found)}[/]");
        }

        foreach (var same in settings.Where(pair => pair.Value.Count == 1).GroupBy(pair => pair.Value[0]))
        {
            console.WriteLine($"Settings of {string.Join(", ", same.Select(pair => pair.Key))}: {same.Key}");
        }
    }

    private static void Steadiness(IAnsiConsole console, RunReport report)
    {
        var spread = report.Cases.SelectMany(@case => @case.Series).Select(series => series.Spread).Order().ToArray();
        if (spread.Length > 0 && report.Quotable)
        {
            string Percent(double share) => share.ToString("P0", CultureInfo.InvariantCulture);
            console.WriteLine(
                $"Best and worst round are {Percent(spread[spread.Length / 2])} apart in the median series, "
                + $"{Percent(spread[^1])} in the unsteadiest.");
        }
    }
}
