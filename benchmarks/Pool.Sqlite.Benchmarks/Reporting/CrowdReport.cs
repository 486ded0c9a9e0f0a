using System.Globalization;
using Pool.Sqlite.Benchmarks.Workloads;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The sections about many callers at once: tasks that wait, tasks that write, and two processes.</summary>
internal static class CrowdReport
{
    private static readonly (string Name, int Width)[] WriterColumns =
    [
        ("", 40), ("", 13), ("op/s", 8), ("p50", 9), ("p99", 9), ("worst", 9), ("busy", 6),
        ("x driver", 10), ("worst x driver", 16),
    ];

    public static void Write(IAnsiConsole console, WaiterResult result)
    {
        var waiters = Format.Count(result.Waiters);
        console.MarkupLineInterpolated($"[bold]{waiters} tasks waiting on {result.Connections} connections[/]");
        console.WriteLine(
            $"  threads: {result.ThreadsBefore} before, {result.ThreadsWaiting} while "
            + $"{Format.Count(result.WaitingInPool)} wait");
        console.WriteLine(
            $"  bytes a waiter: {Format.Count(result.HeldBytesPerWaiter)} held, "
            + $"{Format.Count(result.AllocatedBytesPerWaiter)} allocated (the caller's own async state machine included)");
        console.WriteLine(
            $"  served: {Format.Count(result.Served)} of {waiters}; most leases at once {result.MostAtOnce}; "
            + $"connections found in two hands {result.SharedConnections}");
        Error(console, result.FirstError);
        console.WriteLine();
    }

    public static void Write(IAnsiConsole console, IReadOnlyList<WriterComparison> writers)
    {
        console.MarkupLine("[bold]Concurrent writers: asynchronous tasks, one insert a commit[/]");
        console.Write(WriterTable(writers));
        console.WriteLine(
            "Every writer has the same number of rows to insert. op/s: all rows over the time until the last writer was done. "
            + "p50, p99, worst: from asking for a connection to the answer; without the wait for a thread to ask from. "
            + "busy: SqliteExceptions.");
        foreach (var (title, result) in writers.SelectMany(crowd =>
            (IEnumerable<(string, WriterResult)>)[(crowd.Title, crowd.Driver), (crowd.Title, crowd.Pool)]))
        {
            Faults(console, title, result);
        }

        console.WriteLine();
    }

    public static void Write(IAnsiConsole console, TwoProcessesResult result)
    {
        console.MarkupLine("[bold]Two processes increment one counter, by reading and writing it[/]");
        console.WriteLine(
            $"  final value: {Format.Count(result.Final)} of {Format.Count(result.Expected)}, in "
            + string.Create(CultureInfo.InvariantCulture, $"{result.Seconds:0.00} s"));
        foreach (var process in result.Processes)
        {
            console.WriteLine($"  process {process.Process}: {Format.Count(process.Done)} done, worst {Worst(process)}");
            Error(console, process.FirstError);
        }

        console.WriteLine();

        static string Worst(IncrementsResult process) => Format.Time(process.Worst * 1e6);
    }

    private static Table WriterTable(IReadOnlyList<WriterComparison> writers)
    {
        var table = CrowdTable.Create(WriterColumns);
        foreach (var crowd in writers)
        {
            AddRow(table, crowd.Title, crowd.Driver, Style.Plain, "", "");
            AddRow(
                table, "", crowd.Pool, new Style(Color.Green), Format.Times(crowd.Speed), Format.Times(crowd.Worst));
        }

        return table;
    }

    private static void AddRow(
        Table table, string title, WriterResult result, Style style, string speed, string worst)
    {
        string[] cells =
        [
            result.Name,
            Format.Count(result.OperationsPerSecond),
            Format.Time(result.P50 * 1e6),
            Format.Time(result.P99 * 1e6),
            Format.Time(result.Worst * 1e6),
            Format.Count(result.SqliteErrors),
            speed,
            worst,
        ];
        CrowdTable.Add(table, title, style, cells);
    }

    private static void Faults(IAnsiConsole console, string title, WriterResult result)
    {
        if (!result.Correct)
        {
            console.MarkupLineInterpolated(
                $"[red]{title}: {result.Name}: {result.Acknowledged} writes acknowledged, {result.InDatabase} rows found[/]");
        }

        if (result.FirstError is { } error)
        {
            console.MarkupLineInterpolated($"[yellow]{title}: {result.Name} failed first with {error}[/]");
        }

        if (result.Settings.Count != 1)
        {
            var settings = string.Join(" | ", result.Settings);
            console.MarkupLineInterpolated(
                $"[yellow]{title}: {result.Name}: connections ran under different settings: {settings}[/]");
        }
    }

    private static void Error(IAnsiConsole console, string? error)
    {
        if (error is not null)
        {
            console.MarkupLineInterpolated($"  [red]{error}[/]");
        }
    }
}
