using Pool.Sqlite.Benchmarks.Workloads;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The report for people.</summary>
internal static class ConsoleReport
{
    private const int WidthOfAFile = 132;

    public static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Create(new AnsiConsoleSettings());
        }

        // A file or a pipe has no colours, and no width of its own: 80 columns would break the lines of the table.
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = WidthOfAFile;
        return console;
    }

    public static void Header(IAnsiConsole console, string title, Surroundings on, bool quotable)
    {
        console.MarkupLineInterpolated($"[bold]{title}[/]");
        var engine = on.EngineReplaced ? on.Engine + " (from " + Engine.Variable + ")" : on.Engine;
        console.WriteLine(
            $"SQLite {engine}, Microsoft.Data.Sqlite {on.Driver}, {on.Runtime}, {on.Cores} cores, "
            + $"{on.System}, {on.Architecture}");
        if (!quotable)
        {
            console.MarkupLine("[yellow]SMOKE RUN: too short for figures, not for quoting.[/]");
        }

        console.WriteLine();
    }

    public static void Write(IAnsiConsole console, RunReport report)
    {
        ResultTables.Write(console, report.Cases);
        Notes.Write(console, report);
        if (report.Waiters is not null)
        {
            Waiters(console, report.Waiters);
        }

        if (report.Targets.Count > 0)
        {
            console.Write(AgainstTargets(report.Targets));
        }
    }

    private static void Waiters(IAnsiConsole console, WaiterResult result)
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
        if (result.FirstError is { } error)
        {
            console.MarkupLineInterpolated($"  [red]{error}[/]");
        }

        console.WriteLine();
    }

    private static Table AgainstTargets(IReadOnlyList<Target> targets)
    {
        var table = new Table().Border(TableBorder.Simple).Title("[bold]Against the targets[/]");
        table.AddColumn("");
        table.AddColumn(new TableColumn("measured").RightAligned());
        table.AddColumn(new TableColumn("target").RightAligned());
        table.AddColumn("met");
        foreach (var target in targets)
        {
            table.AddRow(
                Markup.Escape(target.What),
                target.MeasuredText,
                target.LimitText,
                target.Met switch { true => "[green]yes[/]", false => "[red]NO[/]", null => "?" });
        }

        return table;
    }
}
