using System.Globalization;
using System.Net;
using System.Text;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The report as a picture: time an operation, one group of bars for each workload, on a logarithmic scale.
/// One file without scripts, fonts or links, readable on a light and on a dark page.</summary>
internal static class SvgChart
{
    private const int Width = 860;
    private const int BarsFrom = 190;
    private const int BarsTo = 740;
    private const int Row = 17;
    private const int Top = 92;

    private const string Legend =
        "Wall time an operation, logarithmic scale: shorter is better, a grid line is a factor of ten.";

    private const string Style =
        """
        text { font: 12px system-ui, sans-serif; fill: #1f2328 }
        .page { fill: #ffffff } .title { font-size: 16px; font-weight: 600 } .group { font-weight: 600 }
        .small { font-size: 11px; fill: #59636e } .grid { stroke: #d1d9e0 }
        .floor { fill: #8c959f } .unpooled { fill: #bf8700 } .driverpool { fill: #0969da }
        .thispool { fill: #1a7f37 } .thispoolasync, .thispooltenleases, .thispoolmetered { fill: #4ac26b }
        @media (prefers-color-scheme: dark) {
          text { fill: #f0f6fc } .page { fill: #0d1117 } .small { fill: #9198a1 } .grid { stroke: #3d444d }
          .floor { fill: #6e7681 } .unpooled { fill: #d29922 } .driverpool { fill: #4493f8 }
          .thispool { fill: #3fb950 } .thispoolasync, .thispooltenleases, .thispoolmetered { fill: #2ea043 }
        }
        """;

    public static void Write(string path, RunReport report) => File.WriteAllText(path, Draw(report));

    private static string Draw(RunReport report)
    {
        var times = report.Cases.SelectMany(@case => @case.Series)
            .Select(series => series.NanosecondsPerOperation).Where(time => time > 0).DefaultIfEmpty(1).ToArray();
        var low = Math.Floor(Math.Log10(times.Min()));
        var high = Math.Max(Math.Ceiling(Math.Log10(times.Max())), low + 1);
        var height = Top + report.Cases.Sum(@case => Row * (@case.Series.Count + 2)) + 34;

        var svg = new StringBuilder();
        Add(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" """
            + $"""viewBox="0 0 {Width} {height}" role="img" aria-label="{Text(report.Title)}">""");
        Add(svg, $"<style>{Style}</style>");
        Add(svg, $"""<rect class="page" width="{Width}" height="{height}" rx="6"/>""");
        Add(svg, $"""<text class="title" x="20" y="30">{Text(report.Title)}</text>""");
        Add(svg, $"""<text class="small" x="20" y="50">{Text(Subtitle(report))}</text>""");
        Add(svg, $"""<text class="small" x="20" y="68">{Text(Legend)}</text>""");
        AddGrid(svg, low, high, height);
        AddBars(svg, report.Cases, low, high);
        return svg.Append("</svg>\n").ToString();
    }

    private static void AddGrid(StringBuilder svg, double low, double high, int height)
    {
        for (var power = low; power <= high; power++)
        {
            var x = Number(BarsFrom + ((BarsTo - BarsFrom) * (power - low) / (high - low)));
            Add(svg, $"""<line class="grid" x1="{x}" x2="{x}" y1="{Top - 4}" y2="{height - 28}"/>""");
            Add(svg, $"""<text class="small" x="{x}" y="{height - 12}" text-anchor="middle">"""
                + $"""{Text(Format.PowerOfTen(power))}</text>""");
        }
    }

    private static void AddBars(StringBuilder svg, IReadOnlyList<CaseResult> cases, double low, double high)
    {
        var y = Top;
        foreach (var @case in cases)
        {
            Add(svg, $"""<text class="group" x="20" y="{y + 12}">{Text(@case.Title)}</text>""");
            y += Row + 3;
            foreach (var series in @case.Series)
            {
                // What ended no operation at all has no time: no bar, and a dash.
                var power = series.NanosecondsPerOperation > 0 ? Math.Log10(series.NanosecondsPerOperation) : low;
                var length = (BarsTo - BarsFrom) * (power - low) / (high - low);
                var time = Text(Format.Time(series.NanosecondsPerOperation));
                Add(svg, $"""<text x="{BarsFrom - 8}" y="{y + 11}" text-anchor="end">{Text(series.Name)}</text>""");
                Add(svg, $"""<rect class="{Css(series.Role)}" x="{BarsFrom}" y="{y + 1}" """
                    + $"""width="{Number(length)}" height="{Row - 4}" rx="2"/>""");
                Add(svg, $"""<text x="{Number(BarsFrom + length + 6)}" y="{y + 11}">{time}</text>""");
                y += Row;
            }

            y += Row - 3;
        }
    }

    private static string Subtitle(RunReport report)
    {
        var on = report.Surroundings;
        var quote = report.Quotable ? "" : " SMOKE RUN, NOT FOR QUOTING.";
        return string.Create(CultureInfo.InvariantCulture,
            $"SQLite {on.Engine}, driver {on.Driver}, {on.Runtime}, {on.Cores} cores.{quote}");
    }

#pragma warning disable CA1308 // CSS classes are lower case.
    private static string Css(Role role) => role.ToString().ToLowerInvariant();
#pragma warning restore CA1308

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static void Add(StringBuilder svg, string line) => svg.Append(line).Append('\n');
}
