using Pool.Sqlite.Benchmarks.Measuring;
using ScottPlot;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The colours of a chart: a page, its text and grid, and every role.</summary>
internal sealed record Theme(Color Page, Color Text, Color Grid, IReadOnlyDictionary<Role, Color> Series)
{
    public static Theme Light { get; } =
        Of(
            "#ffffff",
            "#1f2328",
            "#d1d9e0",
            pool: "#1a7f37",
            queue: "#8250df",
            driver: "#0969da",
            unpooled: "#9a6700",
            floor: "#6e7781"
        );

    public static Theme Dark { get; } =
        Of(
            "#0d1117",
            "#f0f6fc",
            "#3d444d",
            pool: "#3fb950",
            queue: "#a371f7",
            driver: "#4493f8",
            unpooled: "#d29922",
            floor: "#9198a1"
        );

    private static Theme Of(
        string page,
        string text,
        string grid,
        string pool,
        string queue,
        string driver,
        string unpooled,
        string floor
    ) =>
        new(
            Color.FromHex(page),
            Color.FromHex(text),
            Color.FromHex(grid),
            new Dictionary<Role, Color>
            {
                [Role.Pool] = Color.FromHex(pool),
                [Role.Queue] = Color.FromHex(queue),
                [Role.Driver] = Color.FromHex(driver),
                [Role.Unpooled] = Color.FromHex(unpooled),
                [Role.Floor] = Color.FromHex(floor),
            }
        );
}
