using System.Data.Common;
using Pool.Sqlite.Tests.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>
/// One lease and two threads. The SQL function <c>hold()</c> keeps a query running until the test lets it end.
/// </summary>
public sealed class ConcurrentUseTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly Latch _latch = new();
    private readonly SqlitePool _pool;

    public ConcurrentUseTests()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "hold",
                () =>
                {
                    _latch.Pass();
                    return 1L;
                }
            );
        _pool = new SqlitePool(options);
    }

    [Fact]
    public async Task A_second_use_at_the_same_time_throws_and_says_why()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolCommand other = connection.CreateCommand("select 1");
        Task<string?> first = Limit.OnThread(() => connection.Ask("select hold()"));
        await _latch.Reached;

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => other.ExecuteScalar());
        Assert.Contains("another thread", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => other.ExecuteReader());
        Assert.Throws<InvalidOperationException>(() => connection.BeginTransaction());
        Assert.Throws<InvalidOperationException>(() => connection.SqliteConnection);
        Assert.Throws<InvalidOperationException>(connection.Retire);
        _latch.Open();

        Assert.Equal("1", await first.Limited());
        Assert.Equal(1L, other.ExecuteScalar());
    }

    [Fact]
    public async Task A_commit_while_another_thread_runs_a_query_throws_and_leaves_the_transaction_open()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolTransaction transaction = connection.BeginTransaction();
        Task<string?> first = Limit.OnThread(() => connection.Ask("select hold()"));
        await _latch.Reached;

        Assert.Throws<InvalidOperationException>(transaction.Commit);
        _latch.Open();
        await first.Limited();

        transaction.Commit();
    }

    [Fact]
    public async Task A_lease_disposed_while_another_thread_uses_it_goes_back_when_that_ends()
    {
        SqlitePoolConnection connection = _pool.Rent();
        Task<string?> running = Limit.OnThread(() => connection.Ask("select hold()"));
        await _latch.Reached;

        connection.Dispose();
        Task<SqlitePoolConnection> next = _pool.RentAsync().AsTask();
        Assert.Equal(1, _pool.GetStatistics().InUse);
        Assert.Equal(1, _pool.GetStatistics().Waiting);
        Assert.False(next.IsCompleted);
        Assert.Throws<ObjectDisposedException>(() => connection.Run("select 1"));
        _latch.Open();

        using SqlitePoolConnection got = await next.Limited();
        Assert.Equal("1", await running.Limited());
        Assert.Equal("1", got.Ask("select 1"));
        Assert.Equal(1, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task A_second_use_while_a_row_is_being_read_throws_and_says_why()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolCommand command = connection.CreateCommand("select 1 union all select hold()");
        using DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Task<bool> reading = Limit.OnThread(() => reader.Read());
        await _latch.Reached;

        Task<Exception?> second = Limit.OnThread(() => Record.Exception(() => connection.Ask("select 1")));
        Assert.Contains(
            "another thread",
            Assert.IsType<InvalidOperationException>(await second.Limited()).Message,
            StringComparison.Ordinal
        );
        _latch.Open();

        Assert.True(await reading.Limited());
        Assert.Equal(1, reader.GetInt32(0));
    }

    [Fact]
    public async Task A_lease_disposed_while_a_row_is_being_read_goes_back_when_that_ends()
    {
        SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolCommand command = connection.CreateCommand("select 1 union all select hold()");
        using DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Task<bool> reading = Limit.OnThread(() => reader.Read());
        await _latch.Reached;

        await Limit.OnThread(connection.Dispose).Limited();
        Task<SqlitePoolConnection> next = _pool.RentAsync().AsTask();
        Assert.Equal(1, _pool.GetStatistics().InUse);
        Assert.False(next.IsCompleted);
        _latch.Open();

        Assert.True(await reading.Limited());
        using SqlitePoolConnection got = await next.Limited();
        Assert.Equal("1", got.Ask("select 1"));
        Assert.ThrowsAny<InvalidOperationException>(() => reader.Read());
    }

    [Fact]
    public async Task A_reader_that_is_just_being_opened_when_its_lease_is_disposed_is_closed()
    {
        SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolCommand command = connection.CreateCommand("select hold() union all select 2");
        Task<DbDataReader> running = Limit.OnThread(() => command.ExecuteReader());
        await _latch.Reached;

        connection.Dispose();
        _latch.Open();
        Exception? refused = null;
        try
        {
            DbDataReader reader = await running.Limited();
            refused = Record.Exception(() => reader.Read());
        }
        catch (InvalidOperationException e)
        {
            refused = e;
        }

        Assert.IsAssignableFrom<InvalidOperationException>(refused);
        using SqlitePoolConnection next = await _pool.RentAsync().Limited();
        next.Run("begin exclusive; rollback");
    }

    [Fact]
    public void A_function_that_SQLite_calls_may_use_the_lease_it_is_called_on()
    {
        SqlitePoolConnection? connection = null;
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionOpened = driver => driver.CreateFunction("ask", (string sql) => connection!.Ask(sql));
        using SqlitePool pool = new(options);
        using (connection = pool.Rent())
        {
            Assert.Equal("7", connection.Ask("select ask('select 7')"));
            Assert.Equal("8", connection.Ask("select 8"));
        }
    }

    [Fact]
    public void A_function_that_SQLite_calls_may_dispose_the_lease_it_is_called_on()
    {
        SqlitePoolConnection? connection = null;
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionOpened = driver =>
            driver.CreateFunction(
                "leave",
                () =>
                {
                    connection!.Dispose();
                    return 1L;
                }
            );
        using SqlitePool pool = new(options);
        connection = pool.Rent();

        Assert.Equal("1", connection.Ask("select leave()"));
        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task Leases_used_by_one_thread_after_another_are_in_order()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("1", await Limit.OnThread(() => connection.Ask("select 1")).Limited());
        }
    }

    [Fact]
    public async Task Disposing_again_and_again_while_another_thread_runs_queries_never_breaks_the_pool()
    {
        for (int i = 0; i < 300; i++)
        {
            SqlitePoolConnection connection = _pool.Rent();
            using Barrier barrier = new(2);
            Task user = Task.Run(() =>
            {
                barrier.SignalAndWait();
                Exception? error = Record.Exception(() =>
                {
                    for (int query = 0; query < 3; query++)
                    {
                        connection.Ask("select 1");
                    }
                });
                Assert.True(error is null or InvalidOperationException, error?.ToString());
            });
            barrier.SignalAndWait();
            connection.Dispose();
            await user.Limited();
            using SqlitePoolConnection next = await _pool.RentAsync().Limited();
            Assert.Equal("1", next.Ask("select 1"));
        }
    }

    [Fact]
    public async Task Disposing_a_lease_while_another_thread_reads_its_reader_never_breaks_the_pool()
    {
        for (int i = 0; i < 300; i++)
        {
            SqlitePoolConnection connection = _pool.Rent();
            SqlitePoolCommand command = connection.CreateCommand(
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) select i from n"
            );
            DbDataReader reader = command.ExecuteReader();
            using Barrier barrier = new(2);
            Task user = Task.Run(() =>
            {
                barrier.SignalAndWait();
                Exception? error = Record.Exception(() =>
                {
                    while (reader.Read())
                    {
                        reader.GetInt64(0);
                    }
                });
                Assert.True(
                    error is null or InvalidOperationException or Microsoft.Data.Sqlite.SqliteException,
                    error?.ToString()
                );
            });
            barrier.SignalAndWait();
            connection.Dispose();
            using SqlitePoolConnection next = await _pool.RentAsync().Limited();
            Assert.Equal("1", next.Ask("select 1"));
            await user.Limited();
            reader.Dispose();
            command.Dispose();
        }
    }

    public void Dispose()
    {
        _latch.Open();
        _pool.Dispose();
        _database.Dispose();
    }
}
