using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>One of several processes on one file.</summary>
internal static class Sharing
{
    /// <summary>
    /// For each path that comes opens a pool, makes a table, writes a row, and answers <c>ok</c> or what went wrong.
    /// </summary>
    public static async Task<int> Open()
    {
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } path)
        {
            try
            {
                await using SqlitePool pool = new($"Data Source={path}");
                await pool.ExecuteAsync($"create table if not exists t(process)");
                await pool.ExecuteAsync($"insert into t values ({Environment.ProcessId})");
                Console.WriteLine("ok");
            }
            catch (Exception e) when (e is SqliteException or SqlitePoolTimeoutException)
            {
                Console.WriteLine(e.Message);
            }
        }

        return 0;
    }

    /// <summary>
    /// Adds rows, and in the same transaction to a sum, until a line comes or it is killed; says the number of each
    /// that is stored. Reads meanwhile, and says <c>torn</c> when a snapshot has another sum than rows.
    /// </summary>
    public static async Task<int> Add(string path, string name)
    {
        await using SqlitePool pool = new($"Data Source={path}");
        using CancellationTokenSource end = new();
        Console.WriteLine("ready");
        Task reading = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                object? read = await pool.ReadAsync(static connection =>
                    connection
                        .CreateCommand("select (select n from sum) - (select count(*) from added)")
                        .ExecuteScalarAsync()
                );
                if (read is not 0L)
                {
                    Console.WriteLine("torn");
                }
            }
        });
        Task adding = Task.Run(async () =>
        {
            for (int i = 1; !end.IsCancellationRequested; i++)
            {
                await pool.WriteAsync(async connection =>
                {
                    await Run(
                        connection,
                        $"insert into added values ('{name}', {i.ToString(CultureInfo.InvariantCulture)})"
                    );
                    await Run(connection, "update sum set n = n + 1");
                });
                Console.WriteLine(i);
            }
        });
        Console.ReadLine();
        await end.CancelAsync();
        await Task.WhenAll(reading, adding);
        return 0;
    }

    private static async Task Run(SqlitePoolConnection connection, string sql)
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
