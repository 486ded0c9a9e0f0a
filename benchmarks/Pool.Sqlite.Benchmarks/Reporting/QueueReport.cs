using System.Globalization;
using Pool.Sqlite.Benchmarks.Workloads;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The section about the write queue.</summary>
internal static class QueueReport
{
    private static readonly (string Name, int Width)[] Columns =
        [("", 24), ("", 14), ("op/s", 9), ("p50", 9), ("p99", 9), ("worst", 9), ("x other", 10), ("worst x other", 15)];

    public static void Write(IAnsiConsole console, QueueResult result)
    {
        console.MarkupLine("[bold]The write queue: each producer awaits its own commit[/]");
        console.Write(TableOf(result.Comparisons));
        Faults(console, result);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {Format.Count(result.FloorRows)} rows awaited together: {result.QueueSeconds:0.00} s; in one hand-written transaction, "
            + $"the floor: {result.FloorSeconds:0.00} s; {Format.Times(result.TimesOfFloor)}"));
        var posted = result.Posted;
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {Format.Count(posted.Items)} posted items: {posted.Seconds:0.0} s, {Format.Count(posted.Items / posted.Seconds)} a second; "
            + $"memory grew by {Format.Count(posted.MostGrowth / 1024.0)} KiB at most, a full queue of "
            + $"{Format.Count(posted.Capacity)} holds {Format.Count(posted.CapacityShare / 1024.0)} KiB"));
        console.WriteLine();
    }

    private static Table TableOf(IReadOnlyList<QueueComparison> comparisons)
    {
        var table = CrowdTable.Create(Columns);
        foreach (var one in comparisons)
        {
            AddRow(table, one.Title, one.Other, Style.Plain, "", "");
            AddRow(table, "", one.Queue, new Style(Color.Green), Format.Times(one.Speed), Format.Times(one.Worst));
        }

        return table;
    }

    private static void AddRow(Table table, string title, QueueSeries series, Style style, string speed, string worst)
    {
        string[] cells =
        [
            series.Name,
            Format.Count(series.OperationsPerSecond),
            Format.Time(series.P50 * 1e6),
            Format.Time(series.P99 * 1e6),
            Format.Time(series.Worst * 1e6),
            speed,
            worst,
        ];
        CrowdTable.Add(table, title, style, cells);
    }

    private static void Faults(IAnsiConsole console, QueueResult result)
    {
        foreach (var one in result.Comparisons)
        {
            if (!one.Queue.Correct)
            {
                console.MarkupLineInterpolated(
                    $"[red]{one.Title}: {one.Queue.Acknowledged} writes acknowledged, {one.Queue.InDatabase} rows found[/]");
            }

            foreach (var series in (QueueSeries[])[one.Other, one.Queue])
            {
                if (series.FirstError is { } error)
                {
                    console.MarkupLineInterpolated(
                        $"[yellow]{one.Title}: {series.Name} failed {series.Errors} times, first with {error}[/]");
                }
            }
        }
    }
}
