using System.Diagnostics;
using System.Globalization;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks;

/// <summary>Runs cases on a database of its own and reports.</summary>
internal static class Comparison
{
    /// <summary>Measures <paramref name="cases"/> and leaves files called <paramref name="name"/>; 1 when a fault was
    /// found. A target that is missed is a figure; a lost row is a fault.</summary>
    public static int Run(
        string title,
        IReadOnlyList<Case> cases,
        Effort effort,
        string output,
        string name,
        CancellationToken stop
    )
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        Stopwatch clock = Stopwatch.StartNew();
        IAnsiConsole console = ConsoleReport.Create();
        Surroundings surroundings = Surroundings.Now();
        console.MarkupLineInterpolated($"[bold]{title}[/]");
        console.WriteLine(surroundings + "\n");

        using SampleDatabase databases = new();
        Calm calm = new();
        Runner runner = new(effort, databases, calm, stop);
        List<CaseResult> results = new();
        ConsoleReport.Progress(
            console,
            [.. cases.Select(one => (one.Title, (Action)(() => results.Add(runner.Measure(one)))))]
        );
        stop.ThrowIfCancellationRequested();

        string? objection = effort.Quotable ? calm.Objection(results) : "a smoke run is too short for figures";
        RunReport report = new(
            title,
            objection,
            started,
            clock.Elapsed.TotalSeconds,
            surroundings,
            calm.Milliseconds,
            results
        );
        ConsoleReport.Write(console, report);
        console.WriteLine($"{report.Seconds:0} s. {Artifacts.Write(output, name, report)}");
        return report.Faults.Any() ? 1 : 0;
    }

    /// <summary>Runs one contestant of a case for some seconds, for a profiler to watch.</summary>
    public static int Profile(Contest contest, Role role, double seconds, CancellationToken stop)
    {
        Contestant contestant =
            contest.Contestants.FirstOrDefault(one => one.Role == role)
            ?? throw new UsageException(
                $"--of {role}: {contest.Key} has {string.Join(", ", contest.Contestants.Select(one => one.Role))}."
            );
        using SampleDatabase databases = new();
        Runner runner = new(Effort.Profile, databases, new Calm(), stop);
        Console.WriteLine($"{contest.Title}: {role}, process {Environment.ProcessId}");
        Stopwatch clock = Stopwatch.StartNew();
        runner.Watch(
            contest,
            contestant,
            () => clock.Elapsed.TotalSeconds < seconds,
            sample =>
                Console.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds, 6:0.0} s  ")
                        + $"{Format.Count(sample.PerSecond)}/s  {Format.Time(1e9 / sample.PerSecond)}  "
                        + $"{Format.Count(sample.BytesPerOperation)} B"
                )
        );
        return 0;
    }
}
