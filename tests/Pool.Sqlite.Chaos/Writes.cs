using System.Data.Common;

namespace Pool.Sqlite.Chaos;

/// <summary>Writing, in each way there is, and what must not be there afterwards.</summary>
internal static class Writes
{
    public static readonly ChaosAction[] All =
    [
        new("ExecuteAsync", 15, Execute),
        new("WriteAsync", 12, Write),
        new("WriteAsync that throws", 5, WriteThatThrows),
        new("ExecuteManyAsync", 5, ExecuteMany),
        new("autocommit of a lease", 10, Autocommit),
        new("synchronous autocommit", 6, SynchronousAutocommit),
        new("returning", 6, Returning),
        new("RentWriterAsync", 6, RentWriter),
        new("a transaction", 8, Transaction),
        new("a deferred transaction", 5, Deferred),
        new("raw begin and commit", 5, RawTransaction),
        new("a rollback", 5, Rollback),
        new("a transaction that is left", 5, LeftTransaction),
        new("a nested write", 3, Nested),
        new("rents inside a write", 4, RentsInside),
        new("a vacuum", 1, Vacuum),
    ];

    public static SqlitePoolCommand Part(
        SqlitePoolConnection connection,
        long tx,
        int part,
        int parts,
        int size,
        string more = ""
    )
    {
        SqlitePoolCommand command = connection.CreateCommand(Ledger.Insert + more);
        command.Parameters.AddWithValue("$tx", tx);
        command.Parameters.AddWithValue("$part", part);
        command.Parameters.AddWithValue("$parts", parts);
        command.Parameters.AddWithValue("$size", size);
        return command;
    }

    private static int Size(Worker worker) => worker.Chance(5) ? worker.Random.Next(20_000) : worker.Random.Next(200);

    private static async Task Parts(Worker worker, SqlitePoolConnection connection, long tx, int parts)
    {
        for (int part = 1; part <= parts; part++)
        {
            using SqlitePoolCommand command = Part(connection, tx, part, parts, Size(worker));
            await command.ExecuteNonQueryAsync(worker.Token);
        }
    }

    private static Task Execute(Worker worker)
    {
        int size = Size(worker);
        return worker.Ledger.Store(tx =>
            worker.Pool.ExecuteAsync(
                $"insert into ledger(tx, part, parts, filler) values ({tx}, 1, 1, zeroblob({size}))",
                worker.Token
            )
        );
    }

    private static Task Write(Worker worker) =>
        worker.Ledger.Store(tx =>
            worker.Pool.WriteAsync(
                async connection =>
                {
                    using LeaseRegister.Entry held = worker.Hold(connection);
                    await Parts(worker, connection, tx, 2);
                },
                worker.Token
            )
        );

    private static Task WriteThatThrows(Worker worker)
    {
        long tx = worker.Ledger.Begin();
        worker.Ledger.Refuse(tx);
        return worker.Pool.WriteAsync(
            async connection =>
            {
                using LeaseRegister.Entry held = worker.Hold(connection);
                await Parts(worker, connection, tx, 2);
                throw new ChaosException();
            },
            worker.Token
        );
    }

    private static Task ExecuteMany(Worker worker)
    {
        int parts = worker.Random.Next(1, 30);
        return worker.Ledger.Store(tx =>
            worker.Pool.ExecuteManyAsync(
                Ledger.Insert,
                Enumerable.Range(1, parts).Select(part => (object?[])[tx, part, parts, Size(worker)]),
                cancellationToken: worker.Token
            )
        );
    }

    private static async Task Autocommit(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        for (int i = worker.Random.Next(1, 4); i > 0; i--)
        {
            long tx = worker.Ledger.Begin();
            await Parts(worker, connection, tx, 1);
            worker.Ledger.Acknowledge(tx);
        }
    }

    private static Task SynchronousAutocommit(Worker worker)
    {
        using SqlitePoolConnection connection = worker.Pool.Rent(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        using SqlitePoolCommand command = Part(connection, tx, 1, 1, Size(worker));
        command.ExecuteNonQuery();
        worker.Ledger.Acknowledge(tx);
        return Task.CompletedTask;
    }

    private static async Task Returning(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        using (SqlitePoolCommand command = Part(connection, tx, 1, 1, 0, " returning tx"))
        using (DbDataReader reader = await command.ExecuteReaderAsync(worker.Token))
        {
            while (await reader.ReadAsync(worker.Token))
            {
                worker.Faults.Check(reader.GetInt64(0) == tx, $"{worker.Name}: another row came back");
            }
        }

        worker.Ledger.Acknowledge(tx);
    }

    private static async Task RentWriter(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentWriterAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        await Parts(worker, connection, tx, 1);
        worker.Ledger.Acknowledge(tx);
    }

    private static async Task Transaction(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        await using SqlitePoolTransaction transaction = await connection.BeginTransactionAsync(worker.Token);
        await Parts(worker, connection, tx, 3);
        await transaction.CommitAsync(worker.Token);
        worker.Ledger.Acknowledge(tx);
    }

    private static async Task Deferred(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        await using SqlitePoolTransaction transaction = connection.BeginTransaction(deferred: true);
        if (worker.Chance(70))
        {
            await Reads.Ask(connection, "select count(*) from ledger", worker.Token);
        }

        await Parts(worker, connection, tx, 2);
        await transaction.CommitAsync(worker.Token);
        worker.Ledger.Acknowledge(tx);
    }

    private static async Task RawTransaction(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        bool savepoint = worker.Chance(40);
        await Run(
            worker,
            connection,
            savepoint ? "savepoint s"
                : worker.Chance(50) ? "begin immediate"
                : "begin"
        );
        await Parts(worker, connection, tx, 2);
        await Run(worker, connection, savepoint ? "release s" : "commit");
        worker.Ledger.Acknowledge(tx);
    }

    private static async Task Rollback(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        worker.Ledger.Refuse(tx);
        await using SqlitePoolTransaction transaction = await connection.BeginTransactionAsync(worker.Token);
        await Parts(worker, connection, tx, 2);
        if (worker.Chance(50))
        {
            await transaction.RollbackAsync(worker.Token);
        }
    }

    private static async Task LeftTransaction(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        long tx = worker.Ledger.Begin();
        worker.Ledger.Refuse(tx);
        await Run(worker, connection, worker.Chance(50) ? "begin" : "begin immediate");
        await Parts(worker, connection, tx, 2);
        if (worker.Chance(30))
        {
            _ = await connection.CreateCommand("select * from ledger").ExecuteReaderAsync(worker.Token);
        }
    }

    private static async Task Nested(Worker worker)
    {
        long tx = worker.Ledger.Begin();
        long inner = worker.Ledger.Begin();
        worker.Ledger.Refuse(inner);
        await worker.Pool.WriteAsync(
            async connection =>
            {
                using LeaseRegister.Entry held = worker.Hold(connection);
                await Parts(worker, connection, tx, 1);
                try
                {
                    await (
                        worker.Chance(50)
                            ? worker.Pool.ExecuteAsync($"insert into ledger(tx, part, parts) values ({inner}, 1, 1)")
                            : worker.Pool.WriteAsync(other => Parts(worker, other, inner, 1))
                    );
                    worker.Faults.Add($"{worker.Name}: a write inside a write was not refused");
                }
                catch (InvalidOperationException e) when (e is not ObjectDisposedException) { }
            },
            worker.Token
        );
        worker.Ledger.Acknowledge(tx);
    }

    private static async Task RentsInside(Worker worker)
    {
        long tx = worker.Ledger.Begin();
        await worker.Pool.WriteAsync(
            async connection =>
            {
                using LeaseRegister.Entry held = worker.Hold(connection);
                await Parts(worker, connection, tx, 1);

                using SqlitePoolConnection other = await worker.Pool.RentAsync(worker.Token);
                using LeaseRegister.Entry alsoHeld = worker.Hold(other);
                string count = await Reads.Ask(other, $"select count(*) from ledger where tx = {tx}", worker.Token);
                worker.Faults.Check(count == "0", $"{worker.Name}: an open transaction is seen by another connection");
            },
            worker.Token
        );
        worker.Ledger.Acknowledge(tx);
    }

    private static async Task Vacuum(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        await Run(worker, connection, "vacuum");
    }

    private static async Task Run(Worker worker, SqlitePoolConnection connection, string sql)
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(worker.Token);
    }
}
