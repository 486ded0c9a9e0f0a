using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Chaos;

/// <summary>What is done to a pool as a whole.</summary>
internal static class Operations
{
    public static readonly ChaosAction[] All =
    [
        new("ClearAsync", 3, static worker => worker.Pool.ClearAsync(worker.Token)),
        new("WarmUpAsync", 2, static worker => worker.Pool.WarmUpAsync(worker.Token)),
        new("OptimizeAsync", 1, static worker => worker.Pool.OptimizeAsync(worker.Token)),
        new(
            "CheckpointAsync",
            3,
            static worker => worker.Pool.CheckpointAsync((CheckpointMode)worker.Random.Next(4), worker.Token)
        ),
        new("VacuumAsync", 1, static worker => worker.Pool.VacuumAsync(worker.Token)),
        new("CheckIntegrityAsync", 1, CheckIntegrity),
        new("BackupAsync", 1, Backup),
        new("RestoreAsync", 1, Restore),
        new("RunExclusiveAsync", 1, Exclusive),
        new("reports", 3, Report),
    ];

    private static Task Backup(Worker worker)
    {
        long known = worker.Ledger.AnyAcknowledged(worker.Random);
        return WithCopy(
            worker,
            copy =>
            {
                CheckCopy(worker, copy, known);
                return Task.CompletedTask;
            }
        );
    }

    private static async Task Restore(Worker worker)
    {
        using (worker.Ledger.BeginRestore())
        {
            await WithCopy(worker, copy => worker.Pool.RestoreAsync(copy, cancellationToken: worker.Token));
            worker.Round.NoteRestored();
        }
    }

    private static async Task WithCopy(Worker worker, Func<string, Task> use)
    {
        string copy = Path.Combine(worker.Round.Folder, $"copy-{Guid.NewGuid():N}.db");
        try
        {
            await worker.Pool.BackupAsync(copy, cancellationToken: worker.Token);
            await use(copy);
        }
        finally
        {
            foreach (string file in (string[])[copy, copy + "-wal", copy + "-shm", copy + "-journal"])
            {
                File.Delete(file);
            }
        }
    }

    private static void CheckCopy(Worker worker, string copy, long known)
    {
        using SqliteConnection connection = new($"Data Source={copy};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "pragma integrity_check";
        worker.Faults.Check(command.ExecuteScalar() is "ok", $"{worker.Name}: the copy is corrupt");
        command.CommandText = $"select count(*) from ledger where tx = {known}";
        worker.Faults.Check(
            known == 0 || command.ExecuteScalar() is not 0L,
            $"{worker.Name}: write {known} is not in the copy"
        );
        command.CommandText = "select count(*) from (select 1 from ledger group by tx having count(*) <> max(parts))";
        worker.Faults.Check(command.ExecuteScalar() is 0L, $"{worker.Name}: a transaction is in the copy in part");
    }

    private static async Task CheckIntegrity(Worker worker)
    {
        SqlitePoolIntegrityResult result = await worker.Pool.CheckIntegrityAsync(cancellationToken: worker.Token);
        worker.Faults.Check(result.IsOk, $"{worker.Name}: {result}");
    }

    private static Task Exclusive(Worker worker) =>
        worker.Pool.RunExclusiveAsync(
            async token =>
            {
                worker.Faults.Check(
                    worker.Round.Register.Held == 0,
                    $"{worker.Name}: {worker.Round.Register.Held} leases are still out"
                );
                SqlitePoolStatistics statistics = worker.Pool.GetStatistics();
                worker.Faults.Check(
                    statistics is { Open: 0, InUse: 0 },
                    $"{worker.Name}: {statistics.Open} are open, {statistics.InUse} in use"
                );
                await worker.Round.WithoutOutsider(() => Swap(worker));
            },
            worker.Token
        );

    // As an administrator would: another file takes the place of this one, with the same in it.
    private static void Swap(Worker worker)
    {
        string database = worker.Round.Database;
        string[] open = OpenDescriptors.Under(database);
        worker.Faults.Check(
            open.Length == 0,
            $"{worker.Name}: open while nothing should be: {string.Join(", ", open)}"
        );
        if (!worker.Chance(50) || File.Exists(database + "-wal") || open.Length > 0)
        {
            return;
        }

        try
        {
            string copy = Path.Combine(worker.Round.Folder, "swap.db");
            File.Copy(database, copy, overwrite: true);
            File.Move(copy, database, overwrite: true);
        }
        catch (IOException) when (worker.Round.Trouble.HadDiskFaults)
        {
            // It could not be read.
        }
    }

    private static Task Report(Worker worker)
    {
        _ = worker.Pool.GetHealth();
        foreach (SqlitePoolLease lease in worker.Pool.GetLeases())
        {
            _ = lease.ToString();
        }

        return Task.CompletedTask;
    }
}
