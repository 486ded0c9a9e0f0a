using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>
/// A process that writes through the queue is killed at a random moment, over and over, on the same files: 50 times, or
/// as often as <c>POOL_SQLITE_CRASH_ROUNDS</c> says.
/// </summary>
public sealed class CrashTests
{
    private const int Files = 2;
    private const int LongestLife = 150;

    private static readonly int Rounds = int.TryParse(
        Environment.GetEnvironmentVariable("POOL_SQLITE_CRASH_ROUNDS"),
        CultureInfo.InvariantCulture,
        out int rounds
    )
        ? rounds
        : 50;

    [Fact]
    public async Task What_was_acknowledged_survives_a_kill_and_nothing_is_there_in_part()
    {
        int seed = Environment.TickCount;
        int[] acknowledged = await Task.WhenAll(
            Enumerable
                .Range(0, Files)
                .Select(file =>
                    Task.Run(() => KillOverAndOver((Rounds + Files - 1 - file) / Files, new Random(seed + file)))
                )
        );
        Assert.True(acknowledged.Sum() > Rounds, $"Only {acknowledged.Sum()} writes were acknowledged.");
    }

    private static async Task<int> KillOverAndOver(int rounds, Random random)
    {
        using TempDatabase database = new();
        HashSet<long> acknowledged = [];
        for (int round = 0; round < rounds; round++)
        {
            using WriterProcess writer = new("write", database.Path);
            string? first = await writer.ReadLine();
            Assert.True(first is not null, $"Round {round}: it did not start.");
#pragma warning disable CA5394 // When to kill is not a secret.
            await Task.Delay(random.Next(LongestLife));
#pragma warning restore CA5394

            // A last line without its end may have lost digits; it was not said.
            string said = first + "\n" + await writer.Kill();
            acknowledged.UnionWith(
                said[..(said.LastIndexOf('\n') + 1)]
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(id => long.Parse(id, CultureInfo.InvariantCulture))
            );
            Check(database, acknowledged, round);
        }

        return acknowledged.Count;
    }

    private static void Check(TempDatabase database, HashSet<long> acknowledged, int round)
    {
        using SqliteConnection direct = database.OpenDirectly();
        using SqliteCommand command = direct.CreateCommand();
        command.CommandText = "select id from item";
        HashSet<long> stored = [];
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                stored.Add(reader.GetInt64(0));
            }
        }

        long[] lost = [.. acknowledged.Except(stored)];
        Assert.True(lost.Length == 0, $"Round {round}: acknowledged and not stored: {string.Join(", ", lost)}");
        Assert.Equal("0", direct.Ask("select count(*) from item where id % 11 = 0"));
        Assert.Equal(
            "0",
            direct.Ask("select count(*) from item where (select count(*) from piece where piece.item = item.id) <> 3")
        );
        Assert.Equal("0", direct.Ask("select count(*) from piece where item not in (select id from item)"));
        Assert.Equal("ok", direct.Ask("pragma integrity_check"));
    }
}
