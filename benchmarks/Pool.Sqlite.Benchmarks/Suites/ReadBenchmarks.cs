using System.Data.Common;
using BenchmarkDotNet.Attributes;
using Pool.Sqlite.Benchmarks.Cases;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent, read and return: nothing, one row, a hundred rows, and both through Dapper.</summary>
public class ReadBenchmarks : SuiteBase
{
    [Benchmark]
    public void Rent() => Contender.Open().Dispose();

    [Benchmark]
    public async Task RentAsync()
    {
        using DbConnection connection = await Contender.OpenAsync().ConfigureAwait(false);
    }

    [Benchmark]
    public string? Point()
    {
        using DbConnection connection = Contender.Open();
        return Statements.Point(connection, NextRow());
    }

    [Benchmark]
    public string? PointByDapper()
    {
        using DbConnection connection = Contender.Open();
        return Statements.PointByDapper(connection, NextRow());
    }

    [Benchmark]
    public long Rows()
    {
        using DbConnection connection = Contender.Open();
        return Statements.Range(connection, NextRow());
    }

    [Benchmark]
    public int RowsByDapper()
    {
        using DbConnection connection = Contender.Open();
        return Statements.RangeByDapper(connection, NextRow());
    }
}
