namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>A case in which contestants do the same work in turns.</summary>
internal sealed record Contest(
    string Key,
    string Suite,
    string Title,
    IReadOnlyList<Contestant> Contestants,
    IReadOnlyList<Goal> Goals
) : Case(Key, Suite, Title)
{
    public override IEnumerable<string> Suites => Goals.Select(goal => goal.Suite ?? Suite).Distinct();

    public override CaseResult Measure(Runner runner)
    {
        (IReadOnlyList<SeriesResult>? series, IReadOnlyList<string>? faults) = runner.Compete(this);
        return new CaseResult(Key, series, [.. Goals.Select((goal, i) => Lines.Of(this, goal, i, series))], faults);
    }
}
