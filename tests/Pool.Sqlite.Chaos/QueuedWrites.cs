namespace Pool.Sqlite.Chaos;

/// <summary>The write queue: items of each kind, alone and in bursts.</summary>
internal static class QueuedWrites
{
    public static readonly ChaosAction[] All =
    [
        new("Writes.ExecuteAsync", 10, Execute),
        new("Writes.EnqueueAsync", 8, Enqueue),
        new("an item that throws", 4, ItemThatThrows),
        new("a burst of items", 3, Burst),
        new("TryPost and FlushAsync", 4, Post),
        new("items inside an item", 2, NestedItem),
    ];

    private static Task Execute(Worker worker) =>
        worker.Ledger.Store(
            tx =>
                worker.Pool.Writes.ExecuteAsync(
                    $"insert into ledger(tx, part, parts) values ({tx}, 1, 1)",
                    worker.Token
                ),
            cancels: true
        );

    private static Task Enqueue(Worker worker) =>
        worker.Ledger.Store(
            async tx =>
            {
                int result = await worker.Pool.Writes.EnqueueAsync(
                    connection => Parts(connection, tx, 3),
                    worker.Token
                );
                worker.Faults.Check(result == 3, $"{worker.Name}: the result of the item is {result}");
            },
            cancels: true
        );

    private static async Task ItemThatThrows(Worker worker)
    {
        long tx = worker.Ledger.Begin();
        worker.Ledger.Refuse(tx);
        await worker.Pool.Writes.EnqueueAsync(
            connection =>
            {
                Parts(connection, tx, 2);
                throw new ChaosException();
            },
            worker.Token
        );
    }

    private static Task Burst(Worker worker) =>
        Task.WhenAll(Enumerable.Range(0, worker.Random.Next(2, 60)).Select(_ => Execute(worker)));

    private static async Task Post(Worker worker)
    {
        long failures = worker.Pool.GetStatistics().Writes.PostFailures;
        List<long> posted = [];
        for (int i = worker.Random.Next(1, 20); i > 0; i--)
        {
            long tx = worker.Ledger.Begin();
            if (worker.Pool.Writes.TryPost($"insert into ledger(tx, part, parts) values ({tx}, 1, 1)"))
            {
                posted.Add(tx);
            }
            else
            {
                worker.Ledger.Refuse(tx);
            }
        }

        // What failed is told to PostFailed, and counted (on a slow machine RentTimeout can pass): where nothing fails,
        // they are stored now.
        await worker.Pool.Writes.FlushAsync(worker.Token);
        if (
            !worker.Round.Trouble.HadDiskFaults
            && !worker.Round.Trouble.HadOutsider
            && worker.Round.Trouble.OpenFailures == 0
            && !worker.Round.Trouble.WasReadOnly
            && !worker.Round.IsClosing
            && !worker.Round.Trouble.ClockJumped
            && worker.Pool.GetStatistics().Writes.PostFailures == failures
        )
        {
            posted.ForEach(worker.Ledger.Acknowledge);
        }
    }

    private static async Task NestedItem(Worker worker)
    {
        long outer = worker.Ledger.Begin();
        long inner = worker.Ledger.Begin();
        await worker.Pool.Writes.EnqueueAsync(
            connection =>
            {
                Parts(connection, outer, 1);
                worker
                    .Pool.Writes.ExecuteAsync($"insert into ledger(tx, part, parts) values ({inner}, 1, 1)")
                    .GetAwaiter()
                    .GetResult();
            },
            worker.Token
        );
        worker.Ledger.Acknowledge(outer);
        worker.Ledger.Acknowledge(inner);
    }

    private static int Parts(SqlitePoolConnection connection, long tx, int parts)
    {
        int rows = 0;
        for (int part = 1; part <= parts; part++)
        {
            using SqlitePoolCommand command = Writes.Part(connection, tx, part, parts, 10);
            rows += command.ExecuteNonQuery();
        }

        return rows;
    }
}
