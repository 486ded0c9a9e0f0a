using System.Globalization;
using Pool.Sqlite.Benchmarks.Measuring;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The report as a picture: durable commits a second and the longest wait by the number of writers, then the
/// time of reads and rents.</summary>
internal static class Chart
{
    private const int Width = 960;
    private const int Height = 980;

    // For the legend and the label of the longest bar, in powers of ten.
    private const double HeadRoom = 1.1;

    private static readonly (string Key, string Name)[] Writers =
    [
        ("writers-1", "1 writer"),
        ("writers-4", "4 writers"),
        ("writers-16", "16 writers"),
        ("writers-64", "64 writers"),
        ("writers-256", "256 writers"),
    ];

    private static readonly (string Key, string Name)[] Reads =
    [
        ("rent-1", "rent + return"),
        ("point", "point read"),
        ("dapper", "Dapper scalar"),
        ("ten", "ten reads"),
        ("rows", "100 rows"),
        ("rows-dapper", "100 rows, Dapper"),
        ("ef-read", "EF read by key"),
    ];

    private static readonly Role[] AllWriters = [Role.Driver, Role.Pool, Role.Queue];

    public static void Write(string path, RunReport report, Theme theme)
    {
        Multiplot plots = new();
        plots.Subplots.RemoveAt(0);
        string note = report.Quotable ? "" : " - NOT FOR QUOTING";
        plots.Subplots.Add(
            Bars(
                "Durable commits a second (synchronous=FULL), more is better" + note,
                report,
                Writers,
                AllWriters,
                theme,
                series => series.PerSecond,
                value => Format.Count(value)
            )
        );
        plots.Subplots.Add(
            Bars(
                "Longest wait of a writer, less is better" + note,
                report,
                Writers,
                AllWriters,
                theme,
                series => series.Worst,
                value => Format.Time(value)
            )
        );
        plots.Subplots.Add(
            Bars(
                "Time of one operation, less is better" + note,
                report,
                Reads,
                [Role.Driver, Role.Pool, Role.Floor],
                theme,
                series => series.Nanoseconds ?? 0,
                value => Format.Time(value)
            )
        );
        plots.Layout = new ScottPlot.MultiplotLayouts.Rows();

        using FileStream stream = File.Create(path);
        using SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, Width, Height), stream);
        plots.Render(canvas, new PixelRect(0, Width, Height, 0));
    }

    private static Plot Bars(
        string title,
        RunReport report,
        (string Key, string Name)[] all,
        Role[] roles,
        Theme theme,
        Func<SeriesResult, double> value,
        Func<double, string> label
    )
    {
        Plot plot = new();
        (string Key, string Name)[] shown = all.Where(one => report.Of(one.Key) is not null).ToArray();
        CaseResult[] cases = shown.Select(one => report.Of(one.Key)!).ToArray();
        double[] values = cases
            .SelectMany(one => one.Series)
            .Where(one => roles.Contains(one.Role))
            .Select(value)
            .Where(one => one > 0)
            .DefaultIfEmpty(1)
            .ToArray();
        double low = Math.Floor(Math.Log10(values.Min()));
        double high = Math.Log10(values.Max()) + HeadRoom;
        foreach ((Role role, double offset) in roles.Select((role, i) => (role, i - ((roles.Length - 1) / 2.0))))
        {
            Bar[] bars = cases
                .Select((one, i) => (Series: one.Of(role), At: i))
                .Where(one => one.Series is not null)
                .Select(one => Bar(one.At + (offset * 0.27), value(one.Series!), low, theme.Series[role], label))
                .ToArray();
            BarPlot drawn = plot.Add.Bars(bars);
            drawn.LegendText = Name(role);
            drawn.ValueLabelStyle.ForeColor = theme.Text;
            drawn.ValueLabelStyle.FontSize = 9;
        }

        plot.Axes.SetLimits(-0.6, cases.Length - 0.4, low, high);
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. cases.Select((_, i) => (double)i)],
            [.. shown.Select(one => one.Name)]
        );
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            IntegerTicksOnly = true,
            LabelFormatter = power =>
                label(Math.Pow(10, power))
                    .Replace(".00", "", StringComparison.Ordinal)
                    .Replace(".0", "", StringComparison.Ordinal),
        };
        plot.Title(title, 14);
        Colour(plot, theme);
        return plot;
    }

    // The axis is logarithmic: a bar's length is the exponent.
    private static Bar Bar(double at, double value, double low, Color color, Func<double, string> label) =>
        new()
        {
            Position = at,
            ValueBase = low,
            Value = value > 0 ? Math.Log10(value) : low,
            Size = 0.25,
            FillColor = color,
            LineWidth = 0,
            Label = value > 0 ? label(value) : "",
        };

    private static string Name(Role role) =>
        role switch
        {
            Role.Pool => "this pool, plain leases",
            Role.Queue => "this pool, write queue",
            Role.Driver => "the driver's pool",
            Role.Unpooled => "no pool",
            _ => "floor",
        };

    private static void Colour(Plot plot, Theme theme)
    {
        plot.FigureBackground.Color = theme.Page;
        plot.DataBackground.Color = theme.Page;
        plot.Axes.Color(theme.Text);
        plot.Axes.Title.Label.ForeColor = theme.Text;
        plot.Grid.MajorLineColor = theme.Grid;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Legend.BackgroundColor = theme.Page;
        plot.Legend.FontColor = theme.Text;
        plot.Legend.OutlineColor = theme.Grid;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.ShowLegend(Alignment.UpperLeft, Orientation.Horizontal);
    }
}
