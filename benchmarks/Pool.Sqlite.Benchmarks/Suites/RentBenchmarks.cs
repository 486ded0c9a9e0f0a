using BenchmarkDotNet.Attributes;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent and return, nothing else.</summary>
public class RentBenchmarks : SuiteBase
{
    [Benchmark]
    public void UnpooledOpen() => Unpooled.Open().Dispose();

    [Benchmark(Baseline = true)]
    public void DriverPoolOpen() => Driver.Open().Dispose();

    [Benchmark]
    public void Rent() => Pool.Pool.Rent().Dispose();

    [Benchmark]
    public async Task RentAsync()
    {
        using var lease = await Pool.Pool.RentAsync().ConfigureAwait(false);
    }
}
