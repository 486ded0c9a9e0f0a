using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

public sealed class LateCancellationTests
{
    /// <summary>
    /// Every other query is cancelled about when it ends. Whether it is stopped or not, none of the others is: neither
    /// the next one on the same connection, nor one with the next lease.
    /// </summary>
    [Fact]
    public async Task Cancelling_near_the_end_of_a_query_never_hits_another()
    {
        const int Rounds = 30;
        const int Queries = 400;
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options(size: 2, overflow: 0));
        const string Sql =
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500) select count(*) from n";
        using SemaphoreSlim near = new(0);
        using CancellationTokenSource end = new();
        CancellationTokenSource? current = null;
        Task canceller = Limit.OnThread(() =>
        {
            while (true)
            {
                near.Wait();
                if (end.IsCancellationRequested)
                {
                    return;
                }

                Volatile.Read(ref current)?.Cancel();
            }
        });

        int stopped = 0;
        for (int round = 0; round < Rounds; round++)
        {
            SqlitePoolConnection connection = await pool.RentAsync();
            for (int i = 0; i < Queries; i++)
            {
                if (i % 50 == 0)
                {
                    connection.Dispose();
                    connection = await pool.RentAsync();
                }

                using SqlitePoolCommand command = connection.CreateCommand(Sql);
                if (i % 2 == 0)
                {
                    Assert.Equal(1500L, await command.ExecuteScalarAsync(end.Token));
                    continue;
                }

                // Not disposed: the other thread may be about to cancel it.
#pragma warning disable CA2000
                CancellationTokenSource stop = new();
#pragma warning restore CA2000
                Volatile.Write(ref current, stop);
                near.Release();
                try
                {
                    Assert.Equal(1500L, await command.ExecuteScalarAsync(stop.Token));
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    stopped++;
                }
            }

            connection.Dispose();
        }

        await end.CancelAsync();
        near.Release();
        await canceller.Limited();
        Assert.InRange(stopped, 0, Rounds * Queries / 2);
        Assert.Equal(0, pool.GetStatistics().InUse);
    }
}
