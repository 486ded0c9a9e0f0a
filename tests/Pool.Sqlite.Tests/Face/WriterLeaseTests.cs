using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Face;

public sealed class WriterLeaseTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public WriterLeaseTests()
    {
        SqlitePoolOptions options = _database.Options(size: 2, overflow: 0);
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(200);
        _pool = new SqlitePool(options);
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value)");
    }

    private string? Count
    {
        get
        {
            using SqliteConnection direct = _database.OpenDirectly();
            return direct.Ask("select count(*) from t");
        }
    }

    [Fact]
    public void The_writer_does_not_count_in_the_pool_size()
    {
        using SqlitePoolConnection first = _pool.Rent();
        using SqlitePoolConnection second = _pool.Rent();
        using SqlitePoolConnection writer = _pool.RentWriter();
        Assert.Equal(SqlitePoolConnectionRole.Writer, writer.Role);
        Assert.Equal(1, writer.Run("insert into t(value) values (1)"));
        Assert.Equal("1", first.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task There_is_one_at_a_time_and_others_writes_wait_for_its_return()
    {
        SqlitePoolConnection writer = await _pool.RentWriterAsync();
        using SqlitePoolConnection lease = _pool.Rent();
        Task<SqlitePoolConnection> next = OtherFlow.Run(() => _pool.RentWriterAsync().AsTask());
        Assert.False(next.IsCompleted);
        OtherFlow.Run(() =>
            Assert.Equal(
                5,
                Assert.Throws<SqliteException>(() => lease.Run("insert into t(value) values (1)")).SqliteErrorCode
            )
        );
        writer.Run("insert into t(value) values (1)");
        writer.Run("insert into t(value) values (2)");
        Assert.False(next.IsCompleted);
        writer.Dispose();
        using (SqlitePoolConnection second = await next.Limited())
        {
            Assert.Equal("2", second.Ask("select count(*) from t"));
        }

        Assert.Equal(1, lease.Run("insert into t(value) values (3)"));
    }

    [Fact]
    public async Task A_writer_that_nobody_gets_in_time_is_a_timeout_and_a_cancelled_one_is_not_lost()
    {
        SqlitePoolOptions options = _database.Options();
        options.RentTimeout = TimeSpan.FromMilliseconds(50);

        // The wait for the gate goes by the system's clock; nothing else takes any time here, with a connection that is
        // open.
        using SqlitePool pool = new(options, timeProvider: new FakeTimeProvider());
        pool.RentWriter().Dispose();
        using (SqlitePoolConnection lease = _pool.Rent())
        using (lease.BeginTransaction())
        {
            await OtherFlow.Run(() =>
                Assert.ThrowsAsync<SqlitePoolTimeoutException>(async () => await pool.RentWriterAsync())
            );
            OtherFlow.Run(() => Assert.Throws<SqlitePoolTimeoutException>(() => pool.RentWriter()));
            using CancellationTokenSource stop = new();
            Task<SqlitePoolConnection> waits = OtherFlow.Run(() => _pool.RentWriterAsync(stop.Token).AsTask());
            await Limit.Until(() => _pool.GetStatistics().WriteGateWaiting == 1);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits.Limited());
        }

        pool.RentWriter().Dispose();
        _pool.RentWriter().Dispose();
    }

    [Fact]
    public async Task WriteAsync_commits_what_returns_and_undoes_what_throws()
    {
        Assert.Equal(
            7,
            await _pool.WriteAsync(connection => Task.FromResult(6 + connection.Run("insert into t(value) values (1)")))
        );
        await Assert.ThrowsAsync<FormatException>(() =>
            _pool.WriteAsync(async connection =>
            {
                connection.Run("insert into t(value) values (2)");
                await Task.Yield();
                throw new FormatException();
            })
        );
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.WriteAsync(connection =>
            {
                connection.Run("insert into t values (5, 5)");
                connection.Run("insert into t values (5, 5)");
                return Task.CompletedTask;
            })
        );
        Assert.Equal("1", Count);
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t(value) values (3)"));
    }

    [Fact]
    public async Task Many_at_once_are_all_there()
    {
        await _pool.ExecuteAsync($"insert into t values (1, 0)");
        await Task.WhenAll(
                Enumerable
                    .Range(0, 50)
                    .Select(_ =>
                        _pool.WriteAsync(async connection =>
                        {
                            long value = (long)
                                (await connection.CreateCommand("select value from t").ExecuteScalarAsync())!;
                            await Task.Yield();
                            connection.Run($"update t set value = {value + 1}");
                        })
                    )
            )
            .Limited();
        using SqlitePoolConnection lease = _pool.Rent();
        Assert.Equal("50", lease.Ask("select value from t"));
    }

    [Fact]
    public async Task WriteAsync_runs_again_when_another_process_was_in_the_way()
    {
        using SqliteConnection outside = _database.OpenDirectly();
        outside.Run("begin immediate");
        WriteGate gate = WriteGate.ForFile(_database.Path);
        long entries = gate.Entries;
        int runs = 0;
        Task write = _pool.WriteAsync(connection =>
        {
            runs++;
            connection.Run("insert into t(value) values (1)");
            return Task.CompletedTask;
        });

        // Longer than the busy timeout: the first try fails as busy, and it comes again.
        await Limit.Until(() => gate.Entries >= entries + 2);
        Assert.Equal(
            5,
            (
                await Assert.ThrowsAsync<SqliteException>(() => _pool.ExecuteAsync($"delete from t").Limited())
            ).SqliteErrorCode
        );
        Assert.False(write.IsCompleted);
        outside.Run("commit");
        await write.Limited();
        Assert.Equal(1, runs);
        Assert.Equal("1", Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WriteAsync_that_gives_up_says_how_often_and_how_long_it_has_tried(bool async)
    {
        FakeTimeProvider time = new();
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(1);
        await using SqlitePool pool = new(options, timeProvider: time);
        using SqliteConnection outside = _database.OpenDirectly();
        outside.Run("begin immediate");
        WriteGate gate = WriteGate.ForFile(_database.Path);
        long entries = gate.Entries;
        Task write = async
            ? pool.WriteAsync(static _ => Task.CompletedTask)
            : Limit.OnThread(() => pool.Write(static _ => { }));
        await Limit.Until(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            return gate.Entries >= entries + 2;
        });
        time.Advance(TimeSpan.FromMinutes(1));

        SqliteException error = await Assert.ThrowsAsync<SqliteException>(write.Limited);

        Assert.Equal(5, error.SqliteErrorCode);
        Assert.Matches(
            "^Nothing could be written in [0-9]+ tries within [0-9.]+ m?(s|in)[.] The database is",
            error.Message
        );
    }

    [Fact]
    public async Task WriteAsync_runs_again_work_that_was_told_the_database_is_busy()
    {
        int runs = 0;
        await _pool
            .WriteAsync(connection =>
            {
                connection.Run("insert into t(value) values (1)");
                return ++runs < 3 ? throw new SqliteException("busy", 5) : Task.CompletedTask;
            })
            .Limited();
        Assert.Equal(3, runs);
        Assert.Equal("1", Count);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
