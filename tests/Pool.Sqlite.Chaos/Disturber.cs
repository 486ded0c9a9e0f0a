using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Chaos;

/// <summary>What goes wrong around the pool, each on a task of its own until the round ends.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A semaphore whose wait handle nobody asks for holds nothing to be given back."
)]
internal sealed class Disturber(ChaosRound round, FaultyDisk? disk, int seed)
{
    // sqlite3.h: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE.
    private const int NoCheckpointOnClose = 1006;

    private readonly SemaphoreSlim _outsider = new(1, 1);

    /// <summary>Runs something while the other connection to the file is closed.</summary>
    public async Task WithoutOutsider(Action work)
    {
        await _outsider.WaitAsync();
        try
        {
            work();
        }
        finally
        {
            _outsider.Release();
        }
    }

    /// <summary>All of them.</summary>
    public Task Run() =>
        Task.WhenAll(
            Loop(1, 20, true, _ => CollectGarbage()),
            Loop(2, 60, round.Plan.HasOutsider, TakeLock),
            Loop(3, 80, round.Plan.ClockJumps, MoveClock),
            Loop(4, 150, round.Plan.TurnsReadOnly && Privileges.AreDropped, TurnReadOnly),
            Loop(5, 100, round.Plan.HasDiskFaults && disk is not null, FailDisk),
            Loop(6, 1, true, _ => Watch())
        );

    private async Task Loop(int number, int pause, bool wanted, Func<Random, Task> disturb)
    {
        Random random = new((seed * 31) + number);
        while (wanted && !round.IsOver && !round.Faults.Any)
        {
            await Task.Delay(random.Next(pause, pause * 3));
            if (!round.IsOver)
            {
                await disturb(random);
            }
        }
    }

    // A lease that was dropped comes home by its finalizer.
    private static Task CollectGarbage() =>
        Task.Run(static () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        });

    private async Task TakeLock(Random random)
    {
        await _outsider.WaitAsync();
        try
        {
            round.Trouble.HadOutsider = true;
            using SqliteConnection connection = new($"Data Source={round.Database};Pooling=False;Default Timeout=1");
            await Task.Run(connection.Open);

            // It must not delete the WAL where the disk fails: see CheckpointOnClose in the library.
            _ = raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);
            using SqliteTransaction transaction = await Task.Run(() => connection.BeginTransaction());
            await Task.Delay(random.Next(60));
            transaction.Rollback();
        }
        catch (SqliteException)
        {
            // It had no luck.
        }
        finally
        {
            _outsider.Release();
        }
    }

    private Task MoveClock(Random random)
    {
        round.Trouble.ClockJumped = true;
        if (random.Next(2) == 0)
        {
            round.Clock.Set(TimeSpan.FromMinutes(random.Next(-600, 600)));
        }
        else
        {
            round.Clock.Sleep(TimeSpan.FromMilliseconds(random.Next(1, 20_000)));
        }

        return Task.CompletedTask;
    }

    private async Task TurnReadOnly(Random random)
    {
        await _outsider.WaitAsync();
        try
        {
            round.Trouble.WasReadOnly = true;
            Privileges.MakeReadOnly(round.Database);
            await Task.Delay(random.Next(80));
        }
        finally
        {
            Privileges.MakeWritable(round.Database);
            _outsider.Release();
        }
    }

    private async Task FailDisk(Random random)
    {
        round.Trouble.HadDiskFaults = true;
        int rate = random.Next(5) == 0 ? 4_000 : 200;
        int kinds = random.Next(1, 16);
        disk!.Fail(
            random.Next(),
            (kinds & 1) == 0 ? 0 : random.Next(rate),
            (kinds & 2) == 0 ? 0 : random.Next(rate),
            (kinds & 4) == 0 ? 0 : random.Next(rate),
            (kinds & 8) == 0 ? 0 : random.Next(rate)
        );
        await Task.Delay(random.Next(120));
        disk.Heal();
    }

    private Task Watch()
    {
        round.CheckStatistics();
        return Task.CompletedTask;
    }
}
