using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>The BenchmarkDotNet suites.</summary>
internal static class Suite
{
    /// <summary>Runs what <paramref name="args"/> choose; 1 when a benchmark failed.</summary>
    public static int Run(string[] args)
    {
        Engine.Load();
        // On a busy machine the default of two minutes is not enough to build.
        ManualConfig config = ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(15));
        IEnumerable<Summary> summaries = BenchmarkSwitcher
            .FromTypes([typeof(ReadBenchmarks), typeof(WriteBenchmarks)])
            .Run(args, config);
        return summaries.All(Succeeded) ? 0 : 1;
    }

    private static bool Succeeded(Summary summary) =>
        !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success);
}
