using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class MemoryDatabaseTests
{
    private readonly string _name = $"memory-{Guid.NewGuid():N}";

    public static TheoryData<string> Private =>
        [
            "Data Source=:memory:",
            "Data Source=:memory:;Cache=Private",
            "Data Source=:memory:;Cache=Shared",
            "Data Source={0};Mode=Memory",
            "Data Source=file:{0}?mode=memory",
            "Data Source=file::memory:",
            "Mode=Memory",
            "Data Source=;Mode=Memory;Cache=Shared",
            "Data Source=file:?mode=memory&cache=shared",
        ];

    public static TheoryData<string> Shared =>
        [
            "Data Source={0};Mode=Memory;Cache=Shared",
            "Data Source=file:{0}?mode=memory&cache=shared",
            "Data Source=file:{0}?cache=shared&mode=memory",
            "Data Source=file:{0};Mode=Memory;Cache=Shared",
            "Data Source=file:{0}?mode=memory;Cache=Shared",
            "Data Source=file:/{0}?mode=memory&cache=shared",
        ];

    [Theory]
    [MemberData(nameof(Private))]
    public async Task A_private_one_is_one_connection_that_keeps_what_was_written(string connectionString)
    {
        await using SqlitePool pool = new(string.Format(null, connectionString, _name));
        Assert.Equal(1, pool.GetStatistics().PoolSize);
        Assert.Equal(0, pool.GetStatistics().MaxOverflow);
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int); insert into t values(1)");
        }

        using SqlitePoolConnection next = await pool.RentAsync();
        Assert.Equal("1", next.Ask("select count(*) from t"));
        Task<SqlitePoolConnection> waiting = pool.RentAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        next.Dispose();
        using SqlitePoolConnection last = await waiting.Limited();
        Assert.Equal("1", last.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_private_one_does_not_age_and_is_not_closed_when_it_is_idle()
    {
        FakeTimeProvider time = new();
        SqlitePoolOptions options = new()
        {
            ConnectionString = "Data Source=:memory:",
            MaxLifetime = TimeSpan.FromMinutes(1),
        };
        await using SqlitePool pool = new(options, timeProvider: time);
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int)");
        }

        time.Advance(TimeSpan.FromHours(3));

        using SqlitePoolConnection next = await pool.RentAsync();
        Assert.Equal("0", next.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData(5, null)]
    [InlineData(null, 2)]
    [InlineData(5, 2)]
    public void A_private_one_with_several_connections_is_an_error_that_says_what_to_write(int? size, int? overflow)
    {
        SqlitePoolOptions options = new() { ConnectionString = "Data Source=:memory:" };
        options.PoolSize = size ?? 1;
        options.MaxOverflow = overflow ?? 0;

        ArgumentException error = Assert.Throws<ArgumentException>(() => new SqlitePool(options));

        Assert.Contains("PoolSize", error.Message, StringComparison.Ordinal);
        Assert.Contains("Data Source=app;Mode=Memory;Cache=Shared", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_one_with_exactly_one_connection_is_accepted()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = "Data Source=:memory:",
            PoolSize = 1,
            MaxOverflow = 0,
        };
        using SqlitePool pool = new(options);

        Assert.Equal("1", pool.Rent().Ask("select 1"));
    }

    [Fact]
    public async Task A_private_one_outlives_an_item_of_the_queue_that_fails_as_a_broken_connection_would()
    {
        await using SqlitePool pool = new("Data Source=:memory:");
        await pool.ExecuteAsync($"create table t(value)");
        Action<SqlitePoolConnection> fails = static _ => throw new SqliteException("Of a file of the item's own.", 8);
        await Assert.ThrowsAsync<SqliteException>(() => pool.Writes.EnqueueAsync(fails).Limited());
        Assert.Equal(1, await pool.ExecuteAsync($"insert into t values (1)"));
    }

    [Theory]
    [InlineData("create temp table mine(value)")]
    [InlineData("attach ':memory:' as other")]
    [InlineData("pragma recursive_triggers = 1")]
    [InlineData("")]
    public async Task A_private_one_outlives_what_another_connection_would_be_closed_for(string sql)
    {
        await using SqlitePool pool = new("Data Source=:memory:");
        await pool.ExecuteAsync($"create table t(value)");
        for (int i = 0; i < 2; i++)
        {
            using SqlitePoolConnection lease = pool.Rent();
            lease.SqliteConnection.CreateFunction($"mine{i}", () => 1);
            lease.Run("pragma foreign_keys = 0");
            if (i == 0)
            {
                lease.Run(sql);
            }
        }

        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal("0", next.Ask("select count(*) from t"));
        Assert.Equal("1", next.Ask("pragma foreign_keys"));
    }

    [Fact]
    public async Task A_private_one_is_neither_cleared_nor_closed_for_exclusive_work()
    {
        await using SqlitePool pool = new("Data Source=:memory:");
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int)");
        }

        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => pool.ClearAsync());
        Assert.Contains("Cache=Shared", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => pool.RunExclusiveAsync(_ => Task.CompletedTask));

        using SqlitePoolConnection next = await pool.RentAsync();
        Assert.Equal("0", next.Ask("select count(*) from t"));
    }

    [Theory]
    [MemberData(nameof(Shared))]
    public async Task A_shared_one_is_seen_by_every_connection(string connectionString)
    {
        await using SqlitePool pool = new(string.Format(null, connectionString, _name));
        using SqlitePoolConnection one = await pool.RentAsync();
        using SqlitePoolConnection two = await pool.RentAsync();
        Assert.NotSame(one.Native(), two.Native());
        one.Run("create table t(value int)");

        Assert.Equal("0", two.Ask("select count(*) from t"));
        Assert.Equal(10, pool.GetStatistics().PoolSize);
    }

    [Theory]
    [MemberData(nameof(Shared))]
    public async Task A_shared_one_lives_while_the_pool_lives_and_no_longer(string connectionString)
    {
        FakeTimeProvider time = new();
        string text = string.Format(null, connectionString, _name);
        SqlitePool pool = new(new SqlitePoolOptions { ConnectionString = text }, timeProvider: time);
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int)");
        }

        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, pool.GetStatistics().Open);
        AssertTableIsThere(pool);
        await pool.ClearAsync();
        Assert.Equal(0, pool.GetStatistics().Open);
        AssertTableIsThere(pool);
        await pool.RunExclusiveAsync(_ => Task.CompletedTask);
        AssertTableIsThere(pool);

        await pool.DisposeAsync();

        Assert.False(TableExists(text));
    }

    [Fact]
    public async Task A_shared_one_is_gone_when_DisposeAsync_has_waited_for_the_last_lease()
    {
        string text = $"Data Source={_name};Mode=Memory;Cache=Shared";
        for (int i = 0; i < 200; i++)
        {
            SqlitePool pool = new(text);
            SqlitePoolConnection lease = await pool.RentAsync();
            lease.Run("create table t(value int)");
            Task closing = pool.DisposeAsync().AsTask();
            lease.Dispose();
            await closing.Limited();

            Assert.False(TableExists(text), $"Round {i}");
        }
    }

    [Fact]
    public async Task A_shared_one_whose_set_up_fails_is_not_kept_by_a_pool_that_was_closed()
    {
        string text = $"Data Source={_name};Mode=Memory;Cache=Shared";
        SqlitePoolOptions options = new()
        {
            ConnectionString = text,
            ConnectionOpened = connection =>
            {
                connection.Run("create table if not exists t(value int)");
                throw new InvalidDataException("no");
            },
        };
        SqlitePool pool = new(options);
        await Assert.ThrowsAsync<InvalidDataException>(() => pool.RentAsync().AsTask());
        await pool.DisposeAsync();

        Assert.False(TableExists(text));
    }

    [Fact]
    public async Task Two_pools_on_one_name_share_it()
    {
        string text = $"Data Source={_name};Mode=Memory;Cache=Shared";
        await using SqlitePool one = new(text);
        await using SqlitePool two = new(text);
        using SqlitePoolConnection first = await one.RentAsync();
        first.Run("create table t(value int)");
        using SqlitePoolConnection second = await two.RentAsync();

        Assert.Equal("0", second.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_transaction_on_a_shared_one_keeps_its_connection()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = $"Data Source={_name};Mode=Memory;Cache=Shared",
            PoolSize = 1,
            MaxOverflow = 0,
        };
        await using SqlitePool pool = new(options);
        for (int i = 0; i < 3; i++)
        {
            using SqlitePoolConnection connection = await pool.RentAsync();
            using SqlitePoolTransaction transaction = connection.BeginTransaction(
                System.Data.IsolationLevel.Serializable
            );
            transaction.Commit();
        }

        Assert.Equal(1, pool.GetStatistics().Misses);
    }

    [Fact]
    public async Task Reading_uncommitted_on_a_shared_one_does_not_bleed()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = $"Data Source={_name};Mode=Memory;Cache=Shared",
            PoolSize = 1,
            MaxOverflow = 0,
        };
        await using SqlitePool pool = new(options);
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.BeginTransaction(System.Data.IsolationLevel.ReadUncommitted, deferred: true);
            Assert.Equal("1", connection.Ask("PRAGMA read_uncommitted"));
        }

        using SqlitePoolConnection next = await pool.RentAsync();
        Assert.Equal("0", next.Ask("PRAGMA read_uncommitted"));
    }

    [Fact]
    public async Task Many_that_open_a_shared_one_at_once_find_the_same()
    {
        string text = $"Data Source={_name};Mode=Memory;Cache=Shared";
        using Barrier barrier = new(4);
        await using SqlitePool pool = new(text);
        string?[] counts = await Task.WhenAll(
                Enumerable
                    .Range(0, 4)
                    .Select(_ =>
                        Limit.OnThread(() =>
                        {
                            barrier.SignalAndWait();
                            using SqlitePoolConnection connection = pool.Rent();
                            return connection.Ask("select count(*) from sqlite_master");
                        })
                    )
            )
            .Limited();

        Assert.All(counts, count => Assert.Equal("0", count));
    }

    private static void AssertTableIsThere(SqlitePool pool)
    {
        using SqlitePoolConnection connection = pool.Rent();
        Assert.Equal("0", connection.Ask("select count(*) from t"));
    }

    private static bool TableExists(string connectionString)
    {
        using SqliteConnection connection = new(connectionString + ";Pooling=False");
        connection.Open();
        return connection.Ask("select count(*) from sqlite_master") != "0";
    }
}
