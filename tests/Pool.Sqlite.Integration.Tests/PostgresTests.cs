using System.Data.Common;
using Dapper;
using Npgsql;

namespace Pool.Sqlite.Integration.Tests;

/// <summary>What PostgreSQL alone has: a standby, deadlocks, serialization failures.</summary>
public sealed class PostgresTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Reads_go_to_the_standby_and_writes_to_the_primary()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, Kind.PostgreSql);

        Assert.True(await database.Reads.ReadAsync(IsStandby));
        Assert.False(await database.Source.ReadAsync(IsStandby));
        Assert.False(await database.Source.WriteAsync(IsStandby));
        DbException refused = await Assert.ThrowsAnyAsync<DbException>(() =>
            database.Reads.ExecuteAsync($"create table t (id bigint)")
        );
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, refused.SqlState);
    }

    [Fact]
    public async Task The_verbs_of_a_write_use_a_serializable_transaction()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, Kind.PostgreSql);

        Assert.Equal(
            "serializable",
            await database.Source.WriteAsync(connection =>
                connection.ExecuteScalarAsync<string>("show transaction_isolation")
            )
        );
    }

    [Fact]
    public async Task A_deadlock_is_ended_by_running_one_of_the_two_again()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, Kind.PostgreSql);
        await CreateTwoRows(database.Source);
        using Barrier both = new(2);
        int runs = 0;

        // Each holds one row and asks for the other's: the first time round they meet, after that nobody waits for
        // anybody.
        Task Swap(long first, long second)
        {
            int own = 0;
            return Task.Run(() =>
                database.Source.WriteAsync(async connection =>
                {
                    Interlocked.Increment(ref runs);
                    await Add(connection, first);
                    if (own++ == 0)
                    {
                        Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(60)));
                    }

                    await Add(connection, second);
                })
            );
        }

        await Task.WhenAll(Swap(1, 2), Swap(2, 1));

        Assert.True(runs >= 3, $"{runs} runs");
        Assert.Equal((long[])[2, 2], await Values(database.Source));
    }

    [Fact]
    public async Task A_serialization_failure_is_run_again()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, Kind.PostgreSql);
        await CreateTwoRows(database.Source);
        int runs = 0;

        long stored = await database.Source.WriteAsync(async connection =>
        {
            long seen = await connection.ExecuteScalarAsync<long>("select n from t where id = 1");
            if (++runs == 1)
            {
                await database.Source.ExecuteAsync($"update t set n = 10 where id = 1");
            }

            await connection.ExecuteAsync("update t set n = @n where id = 1", new { n = seen + 1 });
            return seen + 1;
        });

        Assert.Equal((2, 11L), (runs, stored));
        Assert.Equal((long[])[11, 0], await Values(database.Source));
    }

    [Fact]
    public async Task What_would_fail_again_is_not_run_again()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, Kind.PostgreSql);
        await CreateTwoRows(database.Source);
        int runs = 0;

        DbException refused = await Assert.ThrowsAnyAsync<DbException>(() =>
            database.Source.WriteAsync(connection =>
            {
                runs++;
                return connection.ExecuteAsync("insert into t values (1, 1)");
            })
        );

        Assert.Equal((1, PostgresErrorCodes.UniqueViolation), (runs, refused.SqlState));
    }

    [Fact]
    public async Task A_text_takes_its_values_in_order_or_by_name()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres, Kind.PostgreSql);
        DbDataSource source = database.Source;
        await source.ExecuteAsync("create table t (id bigint primary key, n bigint, name text)");
        Assert.Equal(1, await source.ExecuteAsync("insert into t values (@id, @n::bigint, @name)", 1, "7", "a@b"));
        Assert.Equal(1, await source.ExecuteAsync("insert into t values (@id, null, '@n')", ("id", 2)));
        Assert.Equal(2, await source.ExecuteManyAsync("insert into t values (@id)", [3, 4]));
        Assert.Equal(
            7,
            await source.ExecuteScalarAsync<long>("select n from t where id = @id and name = @name", 1, "a@b")
        );
        Assert.Equal("@n", await source.ExecuteScalarAsync<string>("select name from t where id = @id", ("id", 2)));
        Assert.Equal(4, await source.ExecuteScalarAsync<int>("select count(*) from t"));
        Assert.Null(await source.ExecuteScalarAsync<long?>("select n from t where id = @id", [3]));
        Assert.True(await source.ExecuteScalarAsync<bool>("select '{\"a\": 1}'::jsonb @> '{}'::jsonb"));
        await Assert.ThrowsAsync<ArgumentException>(() => source.ExecuteAsync("delete from t where id = @id", 1, 2));
    }

    private static Task<bool> IsStandby(DbConnection connection) =>
        connection.ExecuteScalarAsync<bool>("select pg_is_in_recovery()");

    private static async Task CreateTwoRows(DbDataSource source)
    {
        await source.ExecuteAsync($"create table t (id bigint primary key, n bigint not null)");
        await source.ExecuteManyAsync(
            "insert into t values (@id, @n)",
            [
                [1L, 0L],
                [2L, 0L],
            ]
        );
    }

    private static Task<int> Add(DbConnection connection, long id) =>
        connection.ExecuteAsync("update t set n = n + 1 where id = @id", new { id });

    private static Task<long[]> Values(DbDataSource source) =>
        source.ReadAsync(async connection =>
            (await connection.QueryAsync<long>("select n from t order by id")).ToArray()
        );
}
