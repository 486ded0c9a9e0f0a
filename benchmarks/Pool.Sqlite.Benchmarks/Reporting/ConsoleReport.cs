using System.Globalization;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Measuring;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The report for people.</summary>
internal static class ConsoleReport
{
    private const int WidthOfAFile = 132;

    private static readonly (string Name, int Width)[] Columns =
    [
        ("", 44),
        ("this pool", 12),
        ("driver's", 12),
        ("no pool", 12),
        ("floor", 12),
        ("ratio", 8),
        ("reach", 9),
        ("met", 6),
        ("spread", 8),
    ];

    public static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        // A file or a pipe has no colours, and no width of its own: 80 columns would break the lines of the tables.
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors }
        );
        console.Profile.Width = WidthOfAFile;
        return console;
    }

    /// <summary>Runs the steps one after the other, and shows which one is running.</summary>
    public static void Progress(IAnsiConsole console, IReadOnlyList<(string Title, Action Run)> steps)
    {
        if (Console.IsOutputRedirected)
        {
            foreach ((string _, Action? run) in steps)
            {
                run();
            }

            return;
        }

        console
            .Progress()
            .AutoClear(true)
            .Start(context =>
            {
                ProgressTask task = context.AddTask("", maxValue: steps.Count);
                foreach ((string? title, Action? run) in steps)
                {
                    task.Description = Markup.Escape(title);
                    run();
                    task.Increment(1);
                }
            });
    }

    public static void Write(IAnsiConsole console, RunReport report)
    {
        ILookup<string, Line> lines = report.Cases.SelectMany(one => one.Lines).ToLookup(line => line.Suite);
        foreach ((string? suite, string? title) in Catalogue.Suites.Where(one => lines.Contains(one.Suite)))
        {
            console.MarkupLineInterpolated($"[bold]{title}[/]");
            console.Write(Table(lines[suite], report.Quotable));
        }

        Queries(console, report.Cases.Where(one => one.Lines.Count == 0));
        if (lines.Count > 0)
        {
            Legend(console);
        }

        foreach (string fault in report.Faults)
        {
            console.MarkupLineInterpolated($"[red]FAULT: {fault}[/]");
        }

        if (report.Objection is { } objection)
        {
            console.MarkupLineInterpolated($"[yellow]NOT FOR QUOTING: {objection}.[/]");
        }
    }

    private static void Legend(IAnsiConsole console) =>
        console.WriteLine(
            "ratio: this pool's figure to the driver's, of rounds taken in turns, the median; \"against the floor\": "
                + "to the floor's. spread: of the middle half of this pool's rounds. Ratios are for quoting, single figures "
                + "move with the machine. Floors: a semaphore and a queue (rents), a held prepared statement (reads, rows), "
                + "this pool without group commit (one writer)."
        );

    private static Table Table(IEnumerable<Line> lines, bool quotable)
    {
        Table table = new Table().NoBorder();
        foreach ((string? name, int width) in Columns)
        {
            table.AddColumn(
                new TableColumn(name)
                {
                    Width = width,
                    Alignment = name.Length == 0 ? Justify.Left : Justify.Right,
                    NoWrap = true,
                    Padding = new Padding(0, 0),
                }
            );
        }

        foreach (Line line in lines)
        {
            string met = line.Met switch
            {
                null => "",
                true => "[green]yes[/]",
                false => "[red]NO[/]",
            };
            table.AddRow(
                Markup.Escape(line.Label),
                $"[green]{line.Pool}[/]",
                $"[blue]{line.Driver}[/]",
                $"[yellow]{line.Unpooled}[/]",
                $"[grey]{line.Floor}[/]",
                line.RatioText,
                line.Reach,
                quotable || met.Length == 0 ? met : $"({met})",
                line.Spread?.ToString("P0", CultureInfo.InvariantCulture) ?? ""
            );
        }

        return table.AddEmptyRow();
    }

    // One query on a given file has no goals; what a user wants to see of it is how long each run takes.
    private static void Queries(IAnsiConsole console, IEnumerable<CaseResult> results)
    {
        foreach (CaseResult result in results)
        {
            Table table = new Table().NoBorder();
            table.AddColumns(result.Key, "queries/s", "median", "p99", "worst", "allocated", "against the driver's");
            SeriesResult? driver = result.Of(Role.Driver);
            foreach (SeriesResult one in result.Series)
            {
                table.AddRow(
                    one.Role.ToString(),
                    Format.Count(one.PerSecond),
                    Format.Time(one.P50),
                    Format.Time(one.P99),
                    Format.Time(one.Worst),
                    Format.Count(one.BytesPerOperation) + " B",
                    driver is null ? "" : Format.Ratio(one.RatioTo(driver, Figure.Rate))
                );
            }

            console.Write(table.AddEmptyRow());
        }
    }
}
