using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>
/// A bit of everything that a pool meets: reads, writes, waits, refusals, cancellations, retirements.
/// </summary>
internal static class Load
{
    public static async Task Apply(SqlitePool pool)
    {
        await pool.ExecuteAsync($"create table t (x)");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => Use(pool, number)))).Limited();

        await Queue(pool);

        // An open that nobody waits for any more still takes its place until it has ended.
        await Limit.Until(() => pool.GetStatistics().Opening == 0);

        // The limits of the pool, on purpose.
        int all = pool.GetStatistics().PoolSize + pool.GetStatistics().MaxOverflow;
        using Leases leases = new(pool, all);
        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            pool.RentAsync(TimeSpan.FromMilliseconds(50)).AsTask()
        );
        using CancellationTokenSource source = new();
        Task<SqlitePoolConnection> cancelled = pool.RentAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.RentAsync(source.Token).AsTask());
    }

    // What comes while an item runs is one batch; with so little room, the rest of it waits.
    private static async Task Queue(SqlitePool pool)
    {
        Task[] writes = [];
        await pool
            .Writes.EnqueueAsync(_ =>
                writes = Limit
                    .OnThread(() =>
                        OtherFlow.Run(() =>
                            Enumerable
                                .Range(0, 20)
                                .Select(i => (Task)pool.Writes.ExecuteAsync($"insert into t values ({i})"))
                                .ToArray()
                        )
                    )
                    .Result
            )
            .Limited();
        await Task.WhenAll(writes).Limited();
        await Assert.ThrowsAnyAsync<Exception>(() =>
            pool.Writes.ExecuteAsync($"insert into nowhere values (1)").Limited()
        );
        await Limit.Until(() => pool.GetStatistics().Writes.WaitingForRoom == 0);
    }

    private static async Task Use(SqlitePool pool, int number)
    {
        for (int i = 0; i < 100; i++)
        {
            using SqlitePoolConnection lease = await pool.RentAsync();
            lease.Run(i % 5 == 0 ? "insert into t values (1)" : "select count(*) from t");
            if (i % 40 == number)
            {
                lease.Retire();
            }

            if (i % 10 == 0)
            {
                await Task.Yield();
            }
        }
    }
}
