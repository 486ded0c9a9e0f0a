using Pool.Sqlite.Benchmarks.Measuring;
using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The figures: a small table for each workload, all with the same columns.</summary>
internal static class ResultTables
{
    private const int NameWidth = 18;

    private sealed record Column(string Name, int Width, Func<CaseResult, SeriesResult, string> Text);

    private static readonly Column[] Columns =
    [
        new("op/s", 11, (_, series) => Format.Count(series.OperationsPerSecond)),
        new("time/op", 8, (_, series) => Format.Time(series.NanosecondsPerOperation)),
        new("p50", 8, (_, series) => Format.Time(series.P50)),
        new("p99", 8, (_, series) => Format.Time(series.P99)),
        new("worst", 8, (_, series) => Format.Time(series.Worst)),
        new("B/op", 7, (_, series) => Format.Count(series.BytesPerOperation)),
        new("x unpooled", 11, (@case, series) => Ratio(series, @case.Of(Role.Unpooled))),
        new("x driver", 9, (@case, series) => Ratio(series, @case.Of(Role.DriverPool))),
    ];

    public static void Write(IAnsiConsole console, IReadOnlyList<CaseResult> cases)
    {
        var widest = NameWidth + Columns.Sum(column => column.Width);
        // On a narrow terminal the reciprocal of the first column is the one to go without.
        Column[] columns = console.Profile.Width >= widest
            ? Columns
            : [.. Columns.Where(column => column.Name != "time/op")];
        foreach (var @case in cases)
        {
            console.MarkupLineInterpolated($"[bold]{@case.Title}[/]");
            console.Write(TableOf(@case, columns));
        }
    }

    private static Table TableOf(CaseResult @case, Column[] columns)
    {
        var table = new Table().NoBorder();
        table.AddColumn(new TableColumn("") { Width = NameWidth, NoWrap = true, Padding = new Padding(0, 0) });
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column.Name)
            {
                Width = column.Width,
                Alignment = Justify.Right,
                NoWrap = true,
                Padding = new Padding(0, 0),
            });
        }

        foreach (var series in @case.Series)
        {
            var style = StyleOf(series.Role);
            var name = series.Name + (series.StampedSeparately ? " ¹" : "");
            table.AddRow((Markup[])
                [Cell(name, style), .. columns.Select(column => Cell(column.Text(@case, series), style))]);
        }

        return table.AddEmptyRow();
    }

    private static Markup Cell(string text, Style style) => new(Markup.Escape(text), style);

    private static Style StyleOf(Role role) => role switch
    {
        Role.Floor => new Style(Color.Grey),
        Role.ThisPool or Role.ThisPoolAsync or Role.ThisPoolTenLeases or Role.ThisPoolWritten or Role.ThisPoolMetered =>
            new Style(Color.Green),
        _ => Style.Plain,
    };

    private static string Ratio(SeriesResult series, SeriesResult? other) =>
        series.Role == Role.Floor ? "" : Format.Times(series.TimesOf(other));
}
