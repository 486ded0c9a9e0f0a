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
            CrowdReport.Write(console, report.Waiters);
        }

        if (report.Writers.Count > 0)
        {
            CrowdReport.Write(console, report.Writers);
        }

        if (report.Queue is not null)
        {
            QueueReport.Write(console, report.Queue);
        }

        if (report.TwoProcesses is not null)
        {
            CrowdReport.Write(console, report.TwoProcesses);
        }

        if (report.Targets.Count > 0)
        {
            console.Write(AgainstTargets(report.Targets));
        }
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
