using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class HookTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();
    private readonly SqlitePoolOptions _options;
    private SqlitePool? _pool;

    public HookTests()
    {
        _options = _database.Options(size: 1, overflow: 0);

        // An open that takes a second on this machine is no warning.
        _options.SlowThreshold = Timeout.InfiniteTimeSpan;
    }

    private SqlitePool Pool => _pool ??= new SqlitePool(_options, _log);

    [Fact]
    public async Task Connection_opened_is_called_once_for_each_physical_connection()
    {
        ConcurrentBag<SqliteConnection> seen = [];
        _options.PoolSize = 3;
        _options.ConnectionOpened = seen.Add;
        await Pool.WarmUpAsync();
        for (int i = 0; i < 20; i++)
        {
            using SqlitePoolConnection connection = await Pool.RentAsync();
            Assert.Contains(connection.SqliteConnection, seen);
        }

        Assert.Equal(3, seen.Distinct().Count());
        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public void Connection_opened_finds_the_PRAGMAs_in_place()
    {
        string? seen = null;
        _options.ConnectionOpened = connection => seen = connection.Ask("PRAGMA foreign_keys");
        Pool.Rent().Dispose();

        Assert.Equal("1", seen);
    }

    [Fact]
    public async Task An_exception_in_connection_opened_fails_the_rent_and_leaves_no_file_open()
    {
        bool fails = true;
        _options.ConnectionOpened = _ =>
        {
            if (fails)
            {
                throw new InvalidDataException("not today");
            }
        };

        Assert.Equal(
            "not today",
            (await Assert.ThrowsAsync<InvalidDataException>(() => Pool.RentAsync().AsTask())).Message
        );
        Assert.Equal("not today", Assert.Throws<InvalidDataException>(() => Pool.Rent()).Message);
        Assert.Empty(_database.OpenFiles());
        Assert.Equal(0, Pool.GetStatistics().Open);
        Assert.Equal(2, Pool.GetStatistics().OpenFailures);

        fails = false;
        using SqlitePoolConnection connection = await Pool.RentAsync();
        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Fact]
    public void A_SQL_error_in_connection_opened_is_told_as_one()
    {
        _options.ConnectionOpened = connection => connection.Run("selekt");

        SqliteException error = Assert.Throws<SqliteException>(() => Pool.Rent());

        Assert.Contains("ConnectionOpened", error.Message, StringComparison.Ordinal);
        Assert.Contains("selekt", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Renting_that_says_no_or_throws_retires_the_connection_and_another_is_taken(bool throws)
    {
        SqliteConnection? unwanted = null;
        int calls = 0;
        _options.Renting = connection =>
        {
            calls++;
            return connection != unwanted || (throws ? throw new InvalidDataException("no") : false);
        };
        using (SqlitePoolConnection connection = await Pool.RentAsync())
        {
            unwanted = connection.SqliteConnection;
        }

        using (SqlitePoolConnection connection = await Pool.RentAsync())
        {
            Assert.NotSame(unwanted, connection.SqliteConnection);
        }

        Assert.Equal(3, calls);
        Assert.Equal(1, Pool.GetStatistics().ClosedByRetire);
        Assert.Equal(throws ? 1 : 0, _log.Warnings.Length);
    }

    [Fact]
    public void Renting_is_called_for_every_rent()
    {
        int calls = 0;
        _options.Renting = _ => ++calls > 0;
        for (int i = 0; i < 10; i++)
        {
            Pool.Rent().Dispose();
        }

        Assert.Equal(10, calls);
        Assert.Equal(1, Pool.GetStatistics().Misses);
    }

    [Fact]
    public void A_connection_that_is_new_and_refused_by_Renting_counts_as_no_rent()
    {
        int calls = 0;
        _options.Renting = _ => ++calls > 2;
        Pool.Rent().Dispose();

        SqlitePoolStatistics statistics = Pool.GetStatistics();
        Assert.Equal(1, statistics.Rents);
        Assert.Equal(1, statistics.Misses);
        Assert.Equal(0, statistics.Hits);
        Assert.Equal(2, statistics.ClosedByRetire);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Renting_that_never_agrees_ends_with_the_deadline_of_the_rent(bool sync)
    {
        int calls = 0;
        _options.RentTimeout = TimeSpan.FromMilliseconds(50);

        // After so many tries the test has failed; it agrees then, so as not to go on for ever.
        _options.Renting = _ => ++calls > 3_000;

        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(async () =>
            (sync ? await Limit.OnThread(() => Pool.Rent()) : await Pool.RentAsync()).Dispose()
        );
        await Limit.Until(() => Pool.GetStatistics() is { InUse: 0, Opening: 0 });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Returning_that_says_no_or_throws_retires_the_connection(bool throws)
    {
        _options.Returning = _ => throws ? throw new InvalidDataException("no") : false;
        for (int i = 0; i < 3; i++)
        {
            Pool.Rent().Dispose();
        }

        Assert.Equal(3, Pool.GetStatistics().ClosedByRetire);
        Assert.Equal(3, Pool.GetStatistics().Misses);
        Assert.Equal(throws ? 3 : 0, _log.Warnings.Length);
    }

    [Fact]
    public void Returning_sees_the_connection_clean()
    {
        List<string?> seen = [];
        _options.Returning = connection =>
        {
            seen.Add(connection.Ask("PRAGMA foreign_keys"));
            seen.Add(connection.Ask("select count(*) from sqlite_master"));
            return true;
        };
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            connection.Run("PRAGMA foreign_keys=OFF; begin; create table t(x)");
        }

        Assert.Equal(["1", "0"], seen);
    }

    [Fact]
    public void Retire_closes_the_connection_when_it_comes_back()
    {
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            connection.Retire();
            Assert.Equal("1", connection.Ask("select 1"));
            Assert.NotEmpty(_database.OpenFiles());
        }

        Assert.Empty(_database.OpenFiles());
        Assert.Equal(1, Pool.GetStatistics().ClosedByRetire);
        Assert.Equal(1, Pool.GetStatistics().Recycled);
        Assert.Equal(0, Pool.GetStatistics().Discarded);
        Pool.Rent().Dispose();
        Assert.Equal(2, Pool.GetStatistics().Misses);
    }

    [Fact]
    public async Task A_retired_connection_gives_its_place_to_who_waits()
    {
        SqlitePoolConnection held = Pool.Rent();
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();
        held.Retire();
        held.Dispose();

        using SqlitePoolConnection next = await waiting.Limited();
        Assert.Equal(2, Pool.GetStatistics().Misses);
    }

    [Fact]
    public async Task A_hook_may_rent_from_the_same_pool()
    {
        bool inside = false;
        _options.PoolSize = 2;
        _options.ConnectionOpened = _ =>
        {
            if (!inside)
            {
                inside = true;
                using SqlitePoolConnection other = Pool.Rent();
                other.Run("create table if not exists made_by_hook(x)");
            }
        };

        Task<string?> answer = Limit.OnThread(() =>
        {
            using SqlitePoolConnection connection = Pool.Rent();
            return connection.Ask("select count(*) from made_by_hook");
        });
        Assert.Equal("0", await answer.Limited());
    }

    public void Dispose()
    {
        _pool?.Dispose();
        _log.Dispose();
        _database.Dispose();
    }
}
