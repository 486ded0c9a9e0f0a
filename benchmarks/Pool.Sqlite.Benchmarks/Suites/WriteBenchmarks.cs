using BenchmarkDotNet.Attributes;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent, insert one row in a transaction of its own, return.</summary>
public class WriteBenchmarks : SuiteBase
{
    [Benchmark]
    public void UnpooledInsert() => Insert(Unpooled);

    [Benchmark(Baseline = true)]
    public void DriverPoolInsert() => Insert(Driver);

    [Benchmark]
    public void PoolInsert() => Insert(Pool);

    private void Insert(IContender contender)
    {
        using var connection = contender.Open();
        KeyValueWork.Insert(connection, NextRow());
    }
}
