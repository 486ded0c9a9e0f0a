using System.Data.Common;
using Dapper;
using Pool.Sqlite.Tests.Shared;
using TradingBackend;

namespace Pool.Sqlite.Integration.Tests;

/// <summary>
/// One repository, on a pool of SQLite and on PostgreSQL with a standby: only the registration differs.
/// </summary>
public sealed class PriceBookTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData(Kind.Sqlite)]
    [InlineData(Kind.PostgreSql)]
    public async Task A_repository_does_the_same_on_both(Kind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, kind);
        PriceBook prices = new(database.Source, database.Reads);
        await prices.CreateAsync();

        Assert.Equal(3, await prices.LoadAsync([("B", 200), ("A", 100), ("it's; --", 1)]));
        Assert.Equal(1, await prices.LoadAsync([("B", 250)]));
        Assert.True(await prices.SetAsync("A", 110));
        Assert.False(await prices.SetAsync("C", 110));
        Assert.Equal(115, await prices.AddAsync("A", 5));
        Assert.Equal(new Price("A", 115, 2), await prices.FindAsync("A"));
        Assert.Null(await prices.FindAsync("C"));
        Assert.Equal(
            [new Price("A", 115, 2), new Price("B", 250, 1), new Price("it's; --", 1, 0)],
            await prices.ListAsync()
        );
    }

    [Theory]
    [InlineData(Kind.Sqlite)]
    [InlineData(Kind.PostgreSql)]
    public async Task What_is_refused_leaves_nothing_behind_on_both(Kind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, kind);
        PriceBook prices = new(database.Source, database.Reads);
        await prices.CreateAsync();
        await prices.LoadAsync([("A", 100)]);

        await Assert.ThrowsAnyAsync<DbException>(() => prices.LoadAsync([("B", 1), ("C", -1)]));
        await Assert.ThrowsAnyAsync<DbException>(() => prices.AddAsync("A", -100));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            database.Source.WriteAsync(async connection =>
            {
                await connection.ExecuteAsync("delete from price");
                throw new InvalidOperationException("Undo it.");
            })
        );

        Assert.Equal([new Price("A", 100, 0)], await prices.ListAsync());
    }

    [Theory]
    [InlineData(Kind.Sqlite)]
    [InlineData(Kind.PostgreSql)]
    public async Task Concurrent_changes_of_one_row_are_all_counted_on_both(Kind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, kind);
        PriceBook prices = new(database.Source, database.Reads);
        await prices.CreateAsync();
        await prices.LoadAsync([("A", 100)]);

        // Each reads the price and then writes it: on PostgreSQL those that overlap fail to serialize, and are run
        // again.
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        for (int i = 0; i < 4; i++)
                        {
                            await prices.AddAsync("A", 1);
                        }
                    })
                )
        );

        Assert.Equal(new Price("A", 132, 32), await prices.FindAsync("A"));
    }

    [Theory]
    [InlineData(Kind.Sqlite)]
    [InlineData(Kind.PostgreSql)]
    public async Task Values_of_every_usual_type_come_back_the_same(Kind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, kind);
        await database.Source.ExecuteAsync(
            $"create table kept (id bigint primary key, name text, share double precision, done boolean)"
        );

        Assert.Equal(
            3,
            await database.Source.ExecuteManyAsync(
                "insert into kept (id, name, share, done) values (@id, @name, @share, @done)",
                [
                    [1L, "ü\n'", 0.1, true],
                    [2L, null, null, null],
                    [3L, "", -1e300, false],
                ]
            )
        );

        (long, string?, double?, bool?)[] rows = await database.Reads.ReadAsync(async connection =>
            (
                await connection.QueryAsync<(long, string?, double?, bool?)>(
                    "select id, name, share, done from kept order by id"
                )
            ).ToArray()
        );
        Assert.Equal([(1L, "ü\n'", 0.1, true), (2L, null, null, null), (3L, "", -1e300, false)], rows);
    }

    [Theory]
    [InlineData(Kind.Sqlite)]
    [InlineData(Kind.PostgreSql)]
    public async Task A_pool_that_is_used_up_says_so_after_its_own_limit_and_recovers(Kind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(
            postgres,
            kind,
            "Pool Size=1;Max Overflow=0;Rent Timeout=1",
            "Maximum Pool Size=1;Timeout=1"
        );
        PriceBook prices = new(database.Source, database.Source);

        // So short a limit holds for opening connections as well, which a busy machine may not keep at once. They are
        // open when both a rent and a write have come through.
        await Eventually.Holds(() => WhyNot(prices.CreateAsync), TimeSpan.FromSeconds(60));
        await Eventually.Holds(() => WhyNot(() => prices.LoadAsync([])), TimeSpan.FromSeconds(60));

        await using (await database.Source.OpenConnectionAsync())
        {
            AssertUsedUp(await Assert.ThrowsAnyAsync<Exception>(() => prices.ListAsync()));
            AssertUsedUp(await Assert.ThrowsAnyAsync<Exception>(() => prices.SetAsync("A", 1)));
            if (kind == Kind.PostgreSql) // A pool of SQLite keeps one more connection for this.
            {
                AssertUsedUp(await Assert.ThrowsAnyAsync<Exception>(() => prices.AddAsync("A", 1)));
            }
        }

        Assert.Equal(1, await prices.LoadAsync([("A", 1)]));
    }

    private static async Task<string?> WhyNot(Func<Task> work)
    {
        try
        {
            await work();
            return null;
        }
        catch (Exception e) when (e is SqlitePoolTimeoutException or DbException)
        {
            return e.Message;
        }
    }

    // The pool's own exception is a TimeoutException; Npgsql's is a DbException with one inside, one level deeper for
    // each host.
    private static void AssertUsedUp(Exception failure)
    {
        Assert.True(failure is SqlitePoolTimeoutException or DbException, failure.ToString());
        Exception innermost = failure;
        while ((innermost is AggregateException all ? all.InnerExceptions[0] : innermost.InnerException) is { } inner)
        {
            innermost = inner;
        }

        Assert.IsType<TimeoutException>(innermost, exactMatch: false);
    }
}
