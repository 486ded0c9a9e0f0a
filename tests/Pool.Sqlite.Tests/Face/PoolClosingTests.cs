using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class PoolClosingTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePool _pool;

    public PoolClosingTests() => _pool = new SqlitePool(_database.Options(size: 2, overflow: 0), _log, _time);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_left_open_and_no_WAL_is_left_behind(bool async)
    {
        await _pool.WarmUpAsync();
        using (SqlitePoolConnection connection = await _pool.RentAsync())
        {
            connection.Run("create table t(value int); insert into t values(1)");
            Assert.True(_database.Exists("-wal"));
        }

        await Close(async);

        Assert.Empty(_database.OpenFiles());
        Assert.False(_database.Exists("-wal"));
        Assert.False(_database.Exists("-shm"));
        Assert.Equal(0, _pool.GetStatistics().Open);
        using SqliteConnection direct = _database.OpenDirectly();
        Assert.Equal("1", direct.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_closed_pool_lends_nothing(bool async)
    {
        (await _pool.RentAsync()).Dispose();
        await Close(async);

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => _pool.Rent());
        Assert.Contains("test.db", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _pool.RentAsync().AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _pool.RunExclusiveAsync(_ => Task.CompletedTask));
        Assert.Throws<ObjectDisposedException>(_pool.CreateConnection().Open);
        Assert.Throws<ObjectDisposedException>(() => _pool.CreateCommand("select 1").ExecuteScalar());
    }

    [Fact]
    public async Task A_pool_that_was_never_used_closes_without_creating_a_file()
    {
        await _pool.DisposeAsync();

        Assert.False(_database.Exists());
    }

    [Fact]
    public async Task Those_who_wait_are_told_at_once()
    {
        using SqlitePoolConnection one = await _pool.RentAsync();
        using SqlitePoolConnection two = await _pool.RentAsync();
        Task<SqlitePoolConnection> async = _pool.RentAsync().AsTask();
        Task<SqlitePoolConnection> sync = Limit.OnThread(() => _pool.Rent());
        Task exclusive = _pool.RunExclusiveAsync(_ => Task.CompletedTask);
        await Limit.Until(() => _pool.GetStatistics().Waiting == 3);

        _pool.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => async.Limited());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sync.Limited());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => exclusive.Limited());
    }

    [Fact]
    public async Task What_is_out_can_be_used_to_its_end_and_closes_when_it_comes_back()
    {
        SqlitePoolConnection lease = await _pool.RentAsync();
        (await _pool.RentAsync()).Dispose();
        _pool.Dispose();
        Assert.Equal(1, _pool.GetStatistics().Open);

        using (SqlitePoolTransaction transaction = lease.BeginTransaction())
        {
            lease.Run("create table t(value int)");
            transaction.Commit();
        }

        lease.Dispose();

        Assert.Equal(0, _pool.GetStatistics().Open);
        Assert.Empty(_database.OpenFiles());
        Assert.False(_database.Exists("-wal"));
    }

    [Fact]
    public async Task DisposeAsync_waits_for_what_is_out()
    {
        SqlitePoolConnection one = await _pool.RentAsync();
        SqlitePoolConnection two = await _pool.RentAsync();
        Task closing = _pool.DisposeAsync().AsTask();
        one.Dispose();
        Assert.False(closing.IsCompleted);
        two.Dispose();

        await closing.Limited();
        Assert.Empty(_database.OpenFiles());
        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public async Task DisposeAsync_gives_up_after_a_while_and_logs_what_is_still_out()
    {
        using SqlitePoolConnection lease = await _pool.RentAsync();
        Task closing = _pool.DisposeAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(closing.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        await closing.Limited();

        LogEntry warning = Assert.Single(_log.Warnings);
        Assert.Contains(
            $"lease {lease.LeaseId >> 32}-{lease.LeaseId & uint.MaxValue}",
            warning.Text,
            StringComparison.Ordinal
        );
        Assert.Contains("CaptureRentSite", warning.Text, StringComparison.Ordinal);
        Assert.Equal("1", lease.Ask("select 1"));
    }

    [Fact]
    public async Task What_is_still_out_is_logged_with_where_it_was_rented_if_that_was_captured()
    {
        SqlitePoolOptions options = _database.Options();
        options.CaptureRentSite = true;
        options.ShutdownTimeout = TimeSpan.Zero;
        SqlitePool pool = new(options, _log, _time);
        using SqlitePoolConnection lease = pool.Rent();
        await pool.DisposeAsync();

        Assert.Contains(
            nameof(What_is_still_out_is_logged_with_where_it_was_rented_if_that_was_captured),
            Assert.Single(_log.Warnings).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task It_can_be_closed_again_and_again_and_from_many_threads()
    {
        (await _pool.RentAsync()).Dispose();
        await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(i =>
                        Task.Run(async () =>
                        {
                            if (i % 2 == 0)
                            {
                                _pool.Dispose();
                            }
                            else
                            {
                                await _pool.DisposeAsync();
                            }
                        })
                    )
            )
            .Limited();
        _pool.Dispose();
        await _pool.DisposeAsync();

        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public async Task A_second_closer_waits_as_well()
    {
        SqlitePoolConnection lease = await _pool.RentAsync();
        Task first = _pool.DisposeAsync().AsTask();
        Task second = _pool.DisposeAsync().AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);
        lease.Dispose();

        await Task.WhenAll(first, second).Limited();
    }

    [Fact]
    public async Task Closing_while_many_threads_rent_leaves_nothing_open()
    {
        for (int round = 0; round < 20; round++)
        {
            SqlitePool pool = new(_database.Options(size: 3, overflow: 1));
            Task[] users =
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(_ =>
                        Task.Run(async () =>
                        {
                            try
                            {
                                for (; ; )
                                {
                                    using SqlitePoolConnection connection = await pool.RentAsync();
                                    Assert.Equal("1", connection.Ask("select 1"));
                                }
                            }
                            catch (ObjectDisposedException)
                            {
                                // The end that is waited for.
                            }
                        })
                    ),
            ];
            await Limit.Until(() => pool.GetStatistics().Rents > round * 3);

            await pool.DisposeAsync().Limited();

            Assert.Empty(_database.OpenFiles());
            Assert.False(_database.Exists("-wal"));
            await Task.WhenAll(users).Limited();
        }
    }

    [Fact]
    public async Task The_last_connection_optimizes_the_database()
    {
        using (SqlitePoolConnection connection = await _pool.RentAsync())
        {
            connection.Run(
                "create table t(a int, b int); create index i on t(a);"
                    + "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)"
                    + " insert into t select i % 10, i from n"
            );
            connection.Ask("select count(*) from t where a = 3 and b > 10");
        }

        await _pool.DisposeAsync();

        using SqliteConnection direct = _database.OpenDirectly();
        Assert.Equal("1", direct.Ask("select count(*) from sqlite_master where name = 'sqlite_stat1'"));
        Assert.Equal("1", direct.Ask("select count(*) from sqlite_stat1 where idx = 'i'"));
    }

    [Fact]
    public async Task A_file_that_another_process_has_locked_does_not_hold_the_closing_up()
    {
        using (SqlitePoolConnection connection = await _pool.RentAsync())
        {
            connection.Run("create table t(value int)");
        }

        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run("begin immediate; insert into t values(1)");

        await _pool.DisposeAsync().Limited();

        direct.Run("commit");
        Assert.Equal(0, _pool.GetStatistics().Open);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _log.Dispose();
        _database.Dispose();
    }

    private async Task Close(bool async)
    {
        if (async)
        {
            await _pool.DisposeAsync();
        }
        else
        {
            _pool.Dispose();
        }
    }
}
