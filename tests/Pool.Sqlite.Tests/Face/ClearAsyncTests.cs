using Pool.Sqlite.Tests.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// On a clock that stands still, so that no round of the housekeeper has an idle connection in its hands.
/// </summary>
public sealed class ClearAsyncTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Idle_connections_close_now_and_those_that_are_out_on_their_return()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options(), timeProvider: _time);
        SqlitePoolConnection held = await pool.RentAsync();
        (await pool.RentAsync()).Dispose();
        await pool.WarmUpAsync();
        Assert.Equal(10, pool.GetStatistics().Open);

        await pool.ClearAsync();
        Assert.Equal(1, pool.GetStatistics().Open);
        Assert.Equal("1", held.Ask("select 1"));

        held.Dispose();
        Assert.Equal(0, pool.GetStatistics().Open);
        Assert.Equal(10, pool.GetStatistics().ClosedByClear);
        Assert.Empty(database.OpenFiles());
    }

    [Fact]
    public async Task Rents_after_it_get_new_connections()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = database.OneConnection();
        SQLitePCL.sqlite3 before;
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            before = connection.Native();
        }

        await pool.ClearAsync();

        using SqlitePoolConnection after = await pool.RentAsync();
        Assert.NotSame(before, after.Native());
    }

    [Fact]
    public async Task A_connection_that_was_being_opened_meanwhile_is_closed_on_its_return()
    {
        using TempDatabase database = new();
        Latch latch = new();
        SqlitePoolOptions options = database.Options();
        options.ConnectionOpened = _ => latch.Pass();
        await using SqlitePool pool = new(options, timeProvider: _time);
        Task<SqlitePoolConnection> renting = pool.RentAsync().AsTask();
        await latch.Reached;
        await pool.ClearAsync();
        latch.Open();

        (await renting.Limited()).Dispose();

        await Limit.Until(() => pool.GetStatistics().ClosedByClear == 1);
    }

    [Fact]
    public async Task Somebody_who_waits_gets_a_new_connection()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = database.OneConnection();
        SqlitePoolConnection held = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = pool.RentAsync().AsTask();
        await pool.ClearAsync();
        SQLitePCL.sqlite3 before = held.Native();
        held.Dispose();

        using SqlitePoolConnection next = await waiting.Limited();
        Assert.NotSame(before, next.Native());
    }

    [Fact]
    public async Task A_cancelled_token_and_a_closed_pool_are_refused()
    {
        using TempDatabase database = new();
        SqlitePool pool = new(database.Options(), timeProvider: _time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.ClearAsync(new CancellationToken(true)));
        await pool.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.ClearAsync());
    }

    [Fact]
    public async Task Clearing_again_and_again_under_load_loses_no_connection()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options(size: 3, overflow: 1), timeProvider: _time);
        bool stop = false;
        Task[] users =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Limit.OnThread(() =>
                    {
                        while (!Volatile.Read(ref stop))
                        {
                            using SqlitePoolConnection connection = pool.Rent();
                            Assert.Equal("1", connection.Ask("select 1"));
                        }
                    })
                ),
        ];
        for (int i = 0; i < 50; i++)
        {
            await pool.ClearAsync();
        }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(users).Limited();

        await pool.ClearAsync();
        Assert.Equal(0, pool.GetStatistics().Open);
        Assert.Empty(database.OpenFiles());
    }
}
