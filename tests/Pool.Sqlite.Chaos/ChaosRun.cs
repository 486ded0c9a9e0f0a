using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Chaos;

/// <summary>
/// Does to a pool all that can be done to one, at the same time, while what is underneath fails; checks all along that
/// nothing is lost, stuck, lent to two or left open. Pools with settings of their own follow each other on one file.
/// </summary>
public static class ChaosRun
{
    /// <summary>Runs until the time is up, or something was wrong.</summary>
    /// <returns>Zero when nothing was wrong.</returns>
    public static async Task<int> Run(ChaosOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string database = Path.Combine(options.Folder, ChaosProcess.Database);
        FaultyDisk? disk = FaultyDisk.Find();

        // Tasks that block are many here; that the thread pool is slow to make threads for them is not what is tried.
        ThreadPool.SetMinThreads(100, 100);
        using IDisposable? privileges = Privileges.Drop(options.Folder);
        long start = Stopwatch.GetTimestamp();
        long writes = 0,
            acknowledged = 0,
            actions = 0;
        int round = 0;
        for (; round == 0 || Stopwatch.GetElapsedTime(start) < options.Length; round++)
        {
            RoundPlan plan = RoundPlan.Make(
                round,
                new Random((options.Seed * 1_000_003) + round),
                database,
                options.Synchronous
            );
            TimeSpan left = options.Length - Stopwatch.GetElapsedTime(start);
            plan = plan with
            {
                Length = left < plan.Length ? left : plan.Length,
                HasDiskFaults = plan.HasDiskFaults || options.DiskFaults,
            };
            ChaosRound played = new(plan, options.Seed, options.Folder, database, disk);
            Empty(database);
            await played.Run();
            options.Output.WriteLine($"{plan}: {played.Summary}");
            writes += played.Ledger.Begun;
            acknowledged += played.Ledger.Acknowledged;
            actions += played.Actions;
            if (played.Faults.Any)
            {
                options.Output.WriteLine($"CHAOS FAILED with --seed {options.Seed} in round {round}:");
                foreach (string fault in played.Faults.Found)
                {
                    options.Output.WriteLine($"  {fault}");
                }

                return 1;
            }
        }

        string failed = disk is null ? "no faulty disk" : $"the disk failed {disk.Counts}";
        options.Output.WriteLine(
            $"clean: seed {options.Seed}, {round} rounds, {actions} actions, {writes} writes, {acknowledged} acknowledged, {failed}"
        );
        return 0;
    }

    // Small enough that the comparisons take no time.
    private static void Empty(string database)
    {
        using SqliteConnection connection = new($"Data Source={database};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"pragma journal_mode=wal; drop table if exists ledger; {Ledger.Schema}";
        command.ExecuteNonQuery();
    }
}
