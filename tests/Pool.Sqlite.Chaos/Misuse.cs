using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Chaos;

/// <summary>What must not be done to a lease, and is.</summary>
internal static class Misuse
{
    public static readonly ChaosAction[] All =
    [
        new("a dropped lease", 1, Drop),
        new("a dropped writer", 1, DropWriter),
        new("Retire", 3, Retire),
        new("two returns", 4, TwoReturns),
        new("use after return", 4, UseAfterReturn),
        new("two threads on one lease", 4, TwoThreads),
        new("settings left behind", 5, LeaveSettings),
        new("a reader left open", 4, LeaveReader),
        new("closed underneath", 1, CloseUnderneath),
    ];

    private static async Task Drop(Worker worker)
    {
        await RentAndForget(worker);
        worker.Round.NoteDropped();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task RentAndForget(Worker worker)
    {
        SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        connection.CreateCommand("select count(*) from ledger").ExecuteReader();
    }

    private static async Task DropWriter(Worker worker)
    {
        await RentWriterAndForget(worker);
        worker.Round.NoteDropped();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task RentWriterAndForget(Worker worker) => await worker.Pool.RentWriterAsync(worker.Token);

    private static async Task Retire(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        connection.Retire();
    }

    private static async Task TwoReturns(Worker worker)
    {
        SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        if (worker.Chance(50))
        {
            connection.Dispose();
            connection.Dispose();
        }
        else
        {
            await Task.WhenAll(Task.Run(connection.Dispose), Task.Run(connection.Dispose), Task.Run(connection.Close));
        }
    }

    private static async Task UseAfterReturn(Worker worker)
    {
        SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        SqlitePoolCommand command = connection.CreateCommand("select 1");
        connection.Dispose();
        try
        {
            await command.ExecuteScalarAsync(worker.Token);
            worker.Faults.Add($"{worker.Name}: a command of a returned lease ran");
        }
        catch (ObjectDisposedException) { }
    }

    private static async Task TwoThreads(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        await Task.WhenAll(
            Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        try
                        {
                            using SqlitePoolCommand command = connection.CreateCommand(
                                "select count(*), sum(tx) from ledger"
                            );
                            await command.ExecuteScalarAsync(worker.Token);
                        }
                        catch (InvalidOperationException)
                        {
                            // One of them came in the way of the other.
                        }
                    })
                )
        );
    }

    private static async Task LeaveSettings(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        string sql = worker.Random.Next(5) switch
        {
            0 => "pragma foreign_keys=off",
            1 => "create temp table mine(a)",
            2 => "attach ':memory:' as other",
            3 => "pragma query_only=on",
            _ => "pragma cache_size=10",
        };
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(worker.Token);
    }

    private static async Task LeaveReader(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        SqlitePoolCommand command = connection.CreateCommand("select tx from ledger order by tx desc");
        await (await command.ExecuteReaderAsync(worker.Token)).ReadAsync(worker.Token);
    }

    private static async Task CloseUnderneath(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        connection.SqliteConnection.Close();
    }
}
