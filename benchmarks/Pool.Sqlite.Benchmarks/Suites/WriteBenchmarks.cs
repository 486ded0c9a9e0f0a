using BenchmarkDotNet.Attributes;
using Pool.Sqlite.Benchmarks.Cases;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>Rent, write and return, with <c>synchronous=NORMAL</c>: one insert, and three in a transaction.</summary>
public class WriteBenchmarks : SuiteBase
{
    [Benchmark]
    public async Task Insert()
    {
        using var connection = await Contender.OpenAsync().ConfigureAwait(false);
        await Statements.InsertAsync(connection).ConfigureAwait(false);
    }

    [Benchmark]
    public void Transaction()
    {
        using var connection = Contender.Open();
        using var transaction = connection.BeginTransaction();
        for (var i = 0; i < 3; i++)
        {
            Statements.InsertAsync(connection, transaction).GetAwaiter().GetResult();
        }

        transaction.Commit();
    }
}
