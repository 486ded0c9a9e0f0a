namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One thing that is measured.</summary>
/// <param name="Key">The name on the command line.</param>
/// <param name="Suite">The section of the report.</param>
internal abstract record Case(string Key, string Suite, string Title)
{
    /// <summary>Of the thread pool; 0 leaves it as the runtime made it.</summary>
    public int MinimumThreads { get; init; }

    /// <summary>
    /// The least warm-up, where what runs is so much code that the runtime takes seconds to compile it in its stages:
    /// measured before, EF Core is three times as slow. Zero for what is usual.
    /// </summary>
    public TimeSpan WarmUp { get; init; }

    /// <summary>All sections that this case has a line in.</summary>
    public virtual IEnumerable<string> Suites => [Suite];

    public abstract CaseResult Measure(Runner runner);
}
