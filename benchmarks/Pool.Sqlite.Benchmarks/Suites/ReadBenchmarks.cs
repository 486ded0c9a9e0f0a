using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent, read and return: one row, ten rows, a hundred rows, and one row through Dapper.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ReadBenchmarks : SuiteBase
{
    private const int TenReads = TenReadsWorker.Reads;

    // What is left when the connection and the prepared statement are held all the time.
    [BenchmarkCategory("Point"), Benchmark]
    public void HeldStatementPoint() => Floor.Run(1);

    [BenchmarkCategory("Point"), Benchmark]
    public string? UnpooledPoint() => Point(Unpooled);

    [BenchmarkCategory("Point"), Benchmark(Baseline = true)]
    public string? DriverPoolPoint() => Point(Driver);

    [BenchmarkCategory("Point"), Benchmark]
    public string? PoolPoint() => Point(Pool);

    [BenchmarkCategory("TenPoint"), Benchmark]
    public void HeldStatementTenPoint() => Floor.Run(TenReads);

    [BenchmarkCategory("TenPoint"), Benchmark(Baseline = true)]
    public void DriverPoolTenPoint() => TenPoints(Driver);

    [BenchmarkCategory("TenPoint"), Benchmark]
    public void PoolTenPoint() => TenPoints(Pool);

    [BenchmarkCategory("TenPoint"), Benchmark]
    public void PoolReaderLeaseTenPoint()
    {
        using var reader = Pool.Pool.RentReader();
        for (var i = 0; i < TenReads; i++)
        {
            KeyValueWork.Point(reader, NextRow());
        }
    }

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

    private void TenPoints(IContender contender)
    {
        for (var i = 0; i < TenReads; i++)
        {
            Point(contender);
        }
    }

    private long Range(IContender contender)
    {
        using var connection = contender.Open();
        return KeyValueWork.Range(connection, NextRow(KeyValueWork.RangeRows));
    }

    private string? ThroughDapper(IContender contender)
    {
        using var connection = contender.Open();
        return KeyValueWork.PointThroughDapper(connection, NextRow());
    }
}
