using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>Everything one run found out: what the tables, the JSON and the charts are made of.</summary>
/// <param name="Objection">Why nothing of it may be quoted; null when it may be.</param>
/// <param name="CalmMilliseconds">The same arithmetic, timed before every round.</param>
internal sealed record RunReport(
    string Title,
    string? Objection,
    DateTimeOffset Started,
    double Seconds,
    Surroundings Surroundings,
    IReadOnlyList<double> CalmMilliseconds,
    IReadOnlyList<CaseResult> Cases
)
{
    public bool Quotable => Objection is null;

    public IEnumerable<string> Faults => Cases.SelectMany(one => one.Faults);

    public CaseResult? Of(string key) => Cases.FirstOrDefault(one => one.Key == key);
}
