namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>A case with a procedure and figures of its own.</summary>
internal sealed record Check(string Key, string Suite, string Title, Func<Runner, CaseResult> Procedure)
    : Case(Key, Suite, Title)
{
    public override CaseResult Measure(Runner runner) => Procedure(runner);
}
