using System.Text;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

public sealed class CheckIntegrityTests : IDisposable
{
    private readonly TempDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Fact]
    public async Task An_intact_database_has_no_findings_and_its_connection_is_used_again()
    {
        await using SqlitePool pool = await Pool();
        foreach (
            SqlitePoolIntegrityResult result in new[]
            {
                await pool.CheckIntegrityAsync(),
                await pool.CheckIntegrityAsync(quick: true),
                await pool.CheckIntegrityAsync(quick: false),
            }
        )
        {
            Assert.True(result.IsOk);
            Assert.Empty(result.Findings);
        }

        Assert.Equal(
            (1, 0L, 0L),
            (pool.GetStatistics().Open, pool.GetStatistics().Discarded, pool.GetStatistics().ClosedByRetire)
        );
    }

    [Fact]
    public async Task An_index_that_is_not_as_its_table_is_found_by_the_full_check()
    {
        await using SqlitePool pool = await Pool();
        await Spoil(pool, "row 0500", "ROW 0500");

        SqlitePoolIntegrityResult full = await pool.CheckIntegrityAsync();

        Assert.False(full.IsOk);
        Assert.Contains(
            full.Findings,
            static finding => finding.Contains("missing from index by_value", StringComparison.Ordinal)
        );
        Assert.True((await pool.CheckIntegrityAsync(quick: true)).IsOk);
    }

    [Fact]
    public async Task A_row_that_refers_to_none_is_found_where_foreign_keys_are_enforced()
    {
        await using SqlitePool pool = await Pool();
        await using (SqlitePool lax = new($"{_database.ConnectionString};Foreign Keys=False"))
        {
            await lax.ExecuteAsync($"insert into child(id, parent) values (7, 100000)");
            Assert.True((await lax.CheckIntegrityAsync()).IsOk);
        }

        SqlitePoolIntegrityResult result = await pool.CheckIntegrityAsync();

        Assert.Equal(["foreign key: row 7 of 'child' refers to a row of 't' that does not exist"], result.Findings);
        Assert.True((await pool.CheckIntegrityAsync(quick: true)).IsOk);
    }

    [Fact]
    public async Task A_file_that_is_no_database_any_more_is_a_finding()
    {
        await using SqlitePool pool = await Pool();
        await pool.RunExclusiveAsync(token => File.WriteAllTextAsync(_database.Path, new string('x', 10_000), token));

        SqlitePoolIntegrityResult result = await pool.CheckIntegrityAsync();

        Assert.Contains("not a database", Assert.Single(result.Findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_that_are_overwritten_are_found_and_the_pool_goes_on()
    {
        await using SqlitePool pool = await Pool();
        await pool.RunExclusiveAsync(async token =>
        {
            byte[] content = await File.ReadAllBytesAsync(_database.Path, token);
            content.AsSpan(4096 * 3, 4096 * 4).Fill(0x5a);
            await File.WriteAllBytesAsync(_database.Path, content, token);
        });

        Assert.False((await pool.CheckIntegrityAsync()).IsOk);
        Assert.False((await pool.CheckIntegrityAsync(quick: true)).IsOk);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("1", lease.Ask("select 1"));
    }

    [Fact]
    public async Task One_that_is_cancelled_ends()
    {
        await using SqlitePool pool = await Pool();
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.CheckIntegrityAsync(stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            pool.CheckIntegrityAsync(quick: true, stop.Token)
        );
        Assert.True((await pool.CheckIntegrityAsync()).IsOk);
    }

    private async Task<SqlitePool> Pool()
    {
        SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Run("create table t(id integer primary key, value text); create index by_value on t(value)");
        lease.Run("create table child(id integer primary key, parent integer references t(id))");
        lease.Run(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) insert into t(value) select printf('row %04d', i) from n"
        );
        return pool;
    }

    // The text is first in the table, which was filled before its index.
    private Task Spoil(SqlitePool pool, string text, string other) =>
        pool.RunExclusiveAsync(async token =>
        {
            byte[] content = await File.ReadAllBytesAsync(_database.Path, token);
            int place = content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
            Assert.True(place > 0);
            Encoding.UTF8.GetBytes(other).CopyTo(content.AsSpan(place));
            await File.WriteAllBytesAsync(_database.Path, content, token);
        });
}
