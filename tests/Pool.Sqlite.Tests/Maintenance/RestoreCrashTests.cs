using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>
/// A process that restores a database, from one backup and another in turn, is killed at a random moment of that, over
/// and over: four times for each size of pages, or as often as <c>POOL_SQLITE_CRASH_ROUNDS</c> says.
/// </summary>
public sealed class RestoreCrashTests : IDisposable
{
    private static readonly int Rounds = int.TryParse(
        Environment.GetEnvironmentVariable("POOL_SQLITE_CRASH_ROUNDS"),
        CultureInfo.InvariantCulture,
        out int rounds
    )
        ? rounds
        : 4;

    private readonly TempDatabase _database = new();

    public void Dispose() => _database.Dispose();

    // Of another size, a restore cannot go through the WAL: a kill leaves a rollback journal.
    [Theory]
    [InlineData(4096)]
    [InlineData(1024)]
    public async Task What_is_there_after_a_kill_is_the_old_database_or_the_new_one_and_whole(int pageSizeOfOther)
    {
        string[] backups = [_database.In("one.db"), _database.In("other.db")];
        await Make(backups[0], "one", 4096);
        await Make(backups[1], "other", pageSizeOfOther);
        await Make(_database.Path, "one", 4096);
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < Rounds; round++)
        {
            using WriterProcess process = new(["restore", _database.Path, .. backups]);

            // A restore says about six lines: anywhere in the first two, and a moment later.
#pragma warning disable CA5394 // When to kill is not a secret.
            for (int lines = random.Next(1, 12); lines > 0; lines--)
#pragma warning restore CA5394
            {
                Assert.True(await process.ReadLine() is not null, $"Seed {seed}, round {round}: it has ended.");
            }

            string said = await process.Kill();
            await Check($"Seed {seed}, round {round}, after it said '{said}'");
        }
    }

    private static async Task Make(string path, string content, int pageSize)
    {
        SqlitePoolOptions options = new() { ConnectionString = $"Data Source={path}" };
        options.Pragmas.Additional["page_size"] = pageSize.ToString(CultureInfo.InvariantCulture);
        await using SqlitePool pool = new(options);
        await pool.ExecuteAsync($"create table t(id integer primary key, content, filler)");
        await pool.ExecuteAsync($"create index t_content on t(content, id)");
        await pool.ExecuteAsync($"create table later(content)");
        int rows = 3_000 * pageSize / 4096;
        await pool.ExecuteAsync(
            $"""
            with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
            insert into t(content, filler) select {content}, zeroblob(4000) from n
            """
        );
    }

    // By the driver first, which finds what the kill has left; then by a pool, which goes on writing to it.
    private async Task Check(string when)
    {
        string[] expected = ["ok", "one 3000", "other 3000", "other 750"];
        using (SqliteConnection direct = _database.OpenDirectly())
        {
            Assert.Equal("ok", direct.Ask("pragma integrity_check"));
        }

        await using SqlitePool pool = new(new SqlitePoolOptions { ConnectionString = $"Data Source={_database.Path}" });
        await pool.ExecuteAsync($"delete from later").Limited();
        await pool.ExecuteAsync($"insert into later values ('written')").Limited();
        using SqlitePoolConnection lease = await pool.RentAsync();
        string? found = lease.Ask(
            "select group_concat(found) from (select content || ' ' || count(*) as found from t group by content)"
        );
        Assert.True(expected.Contains(found), $"{when}: {found}");
        Assert.Equal("1", lease.Ask("select count(*) from later where content = 'written'"));
    }
}
