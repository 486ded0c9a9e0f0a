using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class WarmUpAsyncTests
{
    [Fact]
    public async Task It_opens_the_base_size_so_that_no_rent_has_to()
    {
        using TempDatabase database = new();

        // A clock that stands still: no round of the housekeeper has one of them in its hands at this moment.
        await using SqlitePool pool = new(database.Options(size: 4, overflow: 2), timeProvider: new FakeTimeProvider());
        await pool.WarmUpAsync();
        Assert.Equal(4, pool.GetStatistics().Idle);

        SqlitePoolConnection[] leases = [.. Enumerable.Range(0, 4).Select(_ => pool.Rent())];
        Assert.Equal(0, pool.GetStatistics().Misses);
        Assert.Equal(4, pool.GetStatistics().Hits);
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task It_counts_what_is_open_already_and_can_be_repeated()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options(size: 3));
        using SqlitePoolConnection held = await pool.RentAsync();

        await Task.WhenAll(pool.WarmUpAsync(), pool.WarmUpAsync()).Limited();
        await pool.WarmUpAsync();

        Assert.InRange(pool.GetStatistics().Open, 3, 4);
    }

    [Fact]
    public async Task Rents_go_on_meanwhile()
    {
        using TempDatabase database = new();
        Latch latch = new();
        int opened = 0;
        SqlitePoolOptions options = database.Options(size: 3);
        options.ConnectionOpened = _ =>
        {
            if (Interlocked.Increment(ref opened) == 2)
            {
                latch.Pass();
            }
        };
        await using SqlitePool pool = new(options);
        Task warmUp = pool.WarmUpAsync();
        await latch.Reached;

        (await pool.RentAsync().Limited()).Dispose();
        latch.Open();

        await warmUp.Limited();
        Assert.Equal(3, pool.GetStatistics().Open);
    }

    [Fact]
    public async Task It_can_be_cancelled_and_loses_nothing()
    {
        using TempDatabase database = new();
        Latch latch = new();
        SqlitePoolOptions options = database.Options(size: 3, overflow: 0);
        options.ConnectionOpened = _ => latch.Pass();
        await using SqlitePool pool = new(options);
        using CancellationTokenSource cancelling = new();
        Task warmUp = pool.WarmUpAsync(cancelling.Token);
        await latch.Reached;

        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => warmUp.Limited());
        latch.Open();

        SqlitePoolConnection[] leases = await Task.WhenAll(
                Enumerable.Range(0, 3).Select(_ => pool.RentAsync().AsTask())
            )
            .Limited();
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_opens_nothing()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.WarmUpAsync(new CancellationToken(true)));

        Assert.False(database.Exists());
    }

    [Fact]
    public async Task What_fails_an_open_fails_the_warm_up()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options();
        options.ConnectionString = $"Data Source={database.In("missing/test.db")}";
        await using SqlitePool pool = new(options);

        SqliteException error = await Assert.ThrowsAsync<SqliteException>(() => pool.WarmUpAsync());

        Assert.Equal(14, error.SqliteErrorCode);
    }

    [Fact]
    public async Task A_closed_pool_is_not_warmed_up()
    {
        using TempDatabase database = new();
        SqlitePool pool = new(database.Options());
        await pool.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.WarmUpAsync());
    }
}
