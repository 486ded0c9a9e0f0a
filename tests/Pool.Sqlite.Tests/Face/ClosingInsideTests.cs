using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// The pool is closed by what it calls itself. A clock that stands still shows that nobody waits for it.
/// </summary>
public sealed class ClosingInsideTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePoolOptions _options;
    private SqlitePool? _pool;

    public ClosingInsideTests() => _options = _database.Options(size: 2, overflow: 0);

    public enum Place
    {
        ConnectionOpened,
        Renting,
        Returning,
    }

    private SqlitePool Pool => _pool ??= new SqlitePool(_options, timeProvider: _time);

    [Theory]
    [InlineData(Place.ConnectionOpened, true, true)]
    [InlineData(Place.ConnectionOpened, true, false)]
    [InlineData(Place.ConnectionOpened, false, true)]
    [InlineData(Place.ConnectionOpened, false, false)]
    [InlineData(Place.Renting, true, true)]
    [InlineData(Place.Renting, true, false)]
    [InlineData(Place.Renting, false, true)]
    [InlineData(Place.Renting, false, false)]
    [InlineData(Place.Returning, true, true)]
    [InlineData(Place.Returning, true, false)]
    [InlineData(Place.Returning, false, true)]
    [InlineData(Place.Returning, false, false)]
    public async Task A_hook_may_close_the_pool(Place place, bool async, bool asyncRent)
    {
        int calls = 0;
        bool Close(SqliteConnection connection)
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                if (async)
                {
                    Pool.DisposeAsync().AsTask().GetAwaiter().GetResult();
                }
                else
                {
                    Pool.Dispose();
                }
            }

            return true;
        }

        switch (place)
        {
            case Place.ConnectionOpened:
                _options.ConnectionOpened = connection => Close(connection);
                break;
            case Place.Renting:
                _options.Renting = Close;
                break;
            case Place.Returning:
                _options.Returning = Close;
                break;
        }

        await Limit
            .OnThread(() =>
            {
                try
                {
                    SqlitePoolConnection connection = asyncRent
                        ? Pool.RentAsync().AsTask().GetAwaiter().GetResult()
                        : Pool.Rent();
                    connection.Dispose();
                }
                catch (ObjectDisposedException)
                {
                    // Allowed wherever the pool is closed before the rent is over.
                    Assert.NotEqual(Place.Returning, place);
                }
            })
            .Limited();

        Assert.Equal(1, calls);
        await Pool.DisposeAsync().Limited();
        Assert.Empty(_database.OpenFiles());
        Assert.Throws<ObjectDisposedException>(() => Pool.Rent());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exclusive_work_may_close_the_pool(bool async)
    {
        (await Pool.RentAsync()).Dispose();
        await Pool.RunExclusiveAsync(async _ =>
            {
                if (async)
                {
                    await Pool.DisposeAsync();
                }
                else
                {
                    Pool.Dispose();
                }
            })
            .Limited();

        Assert.Throws<ObjectDisposedException>(() => Pool.Rent());
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public async Task Those_who_wait_behind_exclusive_work_that_closes_the_pool_are_told()
    {
        TaskCompletionSource started = new();
        TaskCompletionSource goOn = new();
        Task exclusive = Pool.RunExclusiveAsync(async _ =>
        {
            started.SetResult();
            await goOn.Task;
            await Pool.DisposeAsync();
        });
        await started.Task.Limited();
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();
        goOn.SetResult();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.Limited());
        await exclusive.Limited();
    }

    [Fact]
    public async Task A_warm_up_that_is_under_way_is_told()
    {
        Latch latch = new();
        _options.ConnectionOpened = _ => latch.Pass();
        Task warmUp = Pool.WarmUpAsync();
        await latch.Reached;
        Task closing = Pool.DisposeAsync().AsTask();
        Assert.False(closing.IsCompleted);
        latch.Open();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => warmUp.Limited());
        await closing.Limited();
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public async Task A_rent_that_is_opening_is_told_and_its_connection_closed()
    {
        Latch latch = new();
        _options.ConnectionOpened = _ => latch.Pass();
        Task<SqlitePoolConnection> rent = Pool.RentAsync().AsTask();
        await latch.Reached;
        Task closing = Pool.DisposeAsync().AsTask();
        latch.Open();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => rent.Limited());
        await closing.Limited();
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public async Task A_SQL_function_may_close_the_pool()
    {
        _options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "leave",
                () =>
                {
                    Pool.Dispose();
                    return 1L;
                }
            );
        string? answer = await Limit
            .OnThread(() =>
            {
                using SqlitePoolConnection connection = Pool.Rent();
                return connection.Ask("select leave()");
            })
            .Limited();

        Assert.Equal("1", answer);
        Assert.Empty(_database.OpenFiles());
    }

    public void Dispose()
    {
        _pool?.Dispose();
        _database.Dispose();
    }
}
