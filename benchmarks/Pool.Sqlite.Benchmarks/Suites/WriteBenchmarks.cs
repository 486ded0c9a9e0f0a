using BenchmarkDotNet.Attributes;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>
/// Rent, insert one row in a transaction of its own, return; and the same row through the write queue, awaited alone and
/// together with others. Each is the time for one row.
/// </summary>
public class WriteBenchmarks : SuiteBase
{
    private const int Together = 64;

    private readonly Task[] _writes = new Task[Together];

    [Benchmark]
    public void UnpooledInsert() => Insert(Unpooled);

    [Benchmark(Baseline = true)]
    public void DriverPoolInsert() => Insert(Driver);

    [Benchmark]
    public void PoolInsert() => Insert(Pool);

    [Benchmark]
    public Task<int> QueueInsert() => Pool.Pool.Writes.ExecuteAsync(KeyValueWork.InsertSql, [NextRow(), "alone"]);

    [Benchmark(OperationsPerInvoke = Together)]
    public Task QueueInsertTogether()
    {
        for (var i = 0; i < Together; i++)
        {
            _writes[i] = Pool.Pool.Writes.ExecuteAsync(KeyValueWork.InsertSql, [NextRow(), "with others"]);
        }

        return Task.WhenAll(_writes);
    }

    private void Insert(IContender contender)
    {
        using var connection = contender.Open();
        KeyValueWork.Insert(connection, NextRow());
    }
}
