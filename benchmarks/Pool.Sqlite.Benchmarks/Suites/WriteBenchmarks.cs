using System.Data.Common;
using BenchmarkDotNet.Attributes;
using Pool.Sqlite.Benchmarks.Cases;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent, write and return, with <c>synchronous=NORMAL</c>: one insert, and three in a transaction.</summary>
public class WriteBenchmarks : SuiteBase
{
    [Benchmark]
    public async Task Insert()
    {
        using DbConnection connection = await Contender.OpenAsync().ConfigureAwait(false);
        await Statements.InsertAsync(connection).ConfigureAwait(false);
    }

    [Benchmark]
    public void Transaction()
    {
        using DbConnection connection = Contender.Open();
        using DbTransaction transaction = connection.BeginTransaction();
        for (int i = 0; i < 3; i++)
        {
            Statements.InsertAsync(connection, transaction).GetAwaiter().GetResult();
        }

        transaction.Commit();
    }
}
