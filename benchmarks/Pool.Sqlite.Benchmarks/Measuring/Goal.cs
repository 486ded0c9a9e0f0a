namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One line of the report: a figure of one contestant against that of another, and what is aimed at.</summary>
/// <param name="Limit">Of the ratio; null when it is only shown. At least for a rate, at most for the others.</param>
/// <param name="Subject">Usually this pool.</param>
/// <param name="Against">Usually the driver's pool; null when the figure itself is limited.</param>
/// <param name="Suite">The section that the line belongs to, when it is not that of its case.</param>
internal sealed record Goal(
    Figure Figure,
    double? Limit = null,
    Role Subject = Role.Pool,
    Role? Against = Role.Driver,
    string? Suite = null
)
{
    public bool AtMost => Figure != Figure.Rate;
}
