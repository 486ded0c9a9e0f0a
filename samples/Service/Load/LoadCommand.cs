using System.Diagnostics;
using Pool.Sqlite;

namespace Service.Load;

/// <summary>Runs each scenario on a database of its own, and prints a line for it.</summary>
internal static class LoadCommand
{
    /// <summary>0 when each came out as expected.</summary>
    public static async Task<int> RunAsync()
    {
        int failures = 0;
        foreach (Scenario scenario in Scenarios.All)
        {
            long start = Stopwatch.GetTimestamp();
            string outcome = await RunAsync(scenario);
            bool isExpected = outcome.StartsWith(scenario.Expected, StringComparison.Ordinal);
            failures += isExpected ? 0 : 1;
            string verdict = isExpected ? "ok    " : $"FAILED (expected: {scenario.Expected})";
            Console.WriteLine(
                $"{verdict} {scenario.Name}: {outcome} [{Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms]"
            );
        }

        return failures == 0 ? 0 : 1;
    }

    private static async Task<string> RunAsync(Scenario scenario)
    {
        string folder = Directory.CreateTempSubdirectory("pool-sqlite-load-").FullName;
        try
        {
            SqlitePoolOptions options = new()
            {
                ConnectionString = $"Data Source={Path.Combine(folder, "load.db")}",
                PoolSize = 20,
                MaxOverflow = 40,
            };
            scenario.Configure(options);
            await using SqlitePool pool = new(options);
            await pool.ExecuteAsync($"create table entry (id integer primary key, value integer not null)");
            return await scenario.RunAsync(pool);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
