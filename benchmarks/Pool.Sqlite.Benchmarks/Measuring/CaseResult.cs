namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>What one case came to.</summary>
/// <param name="Faults">What must never happen: lost rows, refused writes.</param>
internal sealed record CaseResult(
    string Key,
    IReadOnlyList<SeriesResult> Series,
    IReadOnlyList<Line> Lines,
    IReadOnlyList<string> Faults
)
{
    public SeriesResult? Of(Role role) => Series.FirstOrDefault(series => series.Role == role);
}
