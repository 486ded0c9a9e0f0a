namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One line of the report, as it is printed.</summary>
/// <param name="Ratio">The figure's ratio to that of another contestant, or to nothing the figure itself.</param>
/// <param name="Reach">What is aimed at.</param>
/// <param name="Met">Null when nothing is aimed at, or nothing was measured.</param>
/// <param name="Spread">How far the rounds are apart, as a share of the median.</param>
internal sealed record Line(
    string Suite,
    string Label,
    string Pool = "",
    string Driver = "",
    string Unpooled = "",
    string Floor = "",
    double? Ratio = null,
    string RatioText = "",
    string Reach = "",
    bool? Met = null,
    double? Spread = null
);
