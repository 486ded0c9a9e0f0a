using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Dapper;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent, read and return: one row, a hundred rows, and one row through Dapper.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ReadBenchmarks : SuiteBase
{
    [BenchmarkCategory("Point"), Benchmark]
    public string? UnpooledPoint() => Point(Unpooled);

    [BenchmarkCategory("Point"), Benchmark(Baseline = true)]
    public string? DriverPoolPoint() => Point(Driver);

    [BenchmarkCategory("Point"), Benchmark]
    public string? PoolPoint() => Point(Pool);

    [BenchmarkCategory("Range"), Benchmark]
    public long UnpooledRange() => Range(Unpooled);

    [BenchmarkCategory("Range"), Benchmark(Baseline = true)]
    public long DriverPoolRange() => Range(Driver);

    [BenchmarkCategory("Range"), Benchmark]
    public long PoolRange() => Range(Pool);

    [BenchmarkCategory("Dapper"), Benchmark(Baseline = true)]
    public string? DriverPoolDapper() => ThroughDapper(Driver);

    [BenchmarkCategory("Dapper"), Benchmark]
    public string? PoolDapper() => ThroughDapper(Pool);

    private string? Point(IContender contender)
    {
        using var connection = contender.Open();
        return KeyValueWork.Point(connection, NextRow());
    }

    private long Range(IContender contender)
    {
        using var connection = contender.Open();
        return KeyValueWork.Range(connection, NextRow(KeyValueWork.RangeRows));
    }

    private string? ThroughDapper(IContender contender)
    {
        using var connection = contender.Open();
        return connection.ExecuteScalar<string>(KeyValueWork.PointSql, new { id = NextRow() });
    }
}
