namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>The same crowd of writers through the driver's pool and through this one.</summary>
internal sealed record WriterComparison(WriterCase Case, WriterResult Driver, WriterResult Pool)
{
    public string Title => Case.Title;

    /// <summary>This pool's throughput, as a multiple of the driver's.</summary>
    public double? Speed => Ratio(Pool.OperationsPerSecond, Driver.OperationsPerSecond);

    /// <summary>This pool's longest wait, as a share of the driver's.</summary>
    public double? Worst => Ratio(Pool.Worst, Driver.Worst);

    /// <summary>What the driver does with its connections is its own affair; this pool loses no write and invents
    /// none.</summary>
    public bool Correct => Pool.Correct;

    private static double? Ratio(double one, double other) => one > 0 && other > 0 ? one / other : null;
}
