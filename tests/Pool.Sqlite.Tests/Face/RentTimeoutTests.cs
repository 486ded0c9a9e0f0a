using Pool.Sqlite.Tests.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class RentTimeoutTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePoolOptions _options;
    private SqlitePool? _pool;

    public RentTimeoutTests() => _options = _database.Options(size: 1, overflow: 1);

    private SqlitePool Pool => _pool ??= new SqlitePool(_options, timeProvider: _time);

    [Fact]
    public async Task It_says_how_the_pool_stood()
    {
        using SqlitePoolConnection one = await Pool.RentAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        using SqlitePoolConnection two = await Pool.RentAsync();
        Task<SqlitePoolConnection> first = Pool.RentAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(20));
        Task<SqlitePoolConnection> second = Pool.RentAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(10));

        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => first.Limited());

        Assert.IsAssignableFrom<TimeoutException>(error);
        Assert.Equal("test.db", error.PoolName);
        Assert.Equal(TimeSpan.FromSeconds(30), error.Waited);
        Assert.Equal(1, error.PoolSize);
        Assert.Equal(1, error.MaxOverflow);
        Assert.Equal(2, error.InUse);
        Assert.Equal(1, error.Waiting);
        Assert.InRange(error.LongestHeld!.Value.TotalSeconds, 38, 40);
        Assert.Null(error.LongestHeldRentSite);
        Assert.Equal(
            "Pool 'test.db': No connection was free within 30 s. 2 are in use (PoolSize 1, MaxOverflow 1), 1 others wait. "
                + $"Out for the longest: lease {one.LeaseId >> 32}-{one.LeaseId & uint.MaxValue}, for "
                + $"{error.LongestHeld.Value.TotalSeconds:0.###} s, rented where CaptureRentSite = true would show.",
            error.Message
        );
        one.Dispose();
        (await second.Limited()).Dispose();
    }

    [Fact]
    public async Task A_lease_that_was_waited_for_was_out_at_least_as_long()
    {
        _options.MaxOverflow = 0;
        _options.RentTimeout = TimeSpan.FromSeconds(0.4);
        (await Pool.RentAsync()).Dispose();
        _time.Advance(TimeSpan.FromSeconds(100));
        using SqlitePoolConnection held = await Pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(0.4));

        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(waiting.Limited);
        Assert.Equal((error.Waited, TimeSpan.FromSeconds(0.4)), (error.LongestHeld, error.Waited));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_shows_where_the_longest_held_lease_was_rented(bool async)
    {
        _options.CaptureRentSite = true;
        _options.MaxOverflow = 0;
        using SqlitePoolConnection held = async ? await RentHereAsync() : RentHere();
        _time.Advance(TimeSpan.FromSeconds(7.5));
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(30));

        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            waiting.Limited()
        );

        string site = async ? nameof(RentHereAsync) : nameof(RentHere);
        Assert.Contains(site, error.Message, StringComparison.Ordinal);
        Assert.Contains(
            error.LongestHeldRentSite!.Split(Environment.NewLine).Take(6),
            frame => frame.Contains(site, StringComparison.Ordinal)
        );
        Assert.Equal(TimeSpan.FromSeconds(37.5), error.LongestHeld);
    }

    [Fact]
    public async Task Zero_fails_at_once_when_nothing_is_free()
    {
        _options.RentTimeout = TimeSpan.Zero;
        _options.MaxOverflow = 0;
        using SqlitePoolConnection held = Pool.Rent();

        Assert.Equal(TimeSpan.Zero, Assert.Throws<SqlitePoolTimeoutException>(() => Pool.Rent()).Waited);
        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => Pool.RentAsync().AsTask());
        Assert.Equal(2, Pool.GetStatistics().Timeouts);
    }

    [Theory]
    [InlineData(-5000)]
    [InlineData(-0.0001)]
    [InlineData(400d * 24 * 60 * 60 * 1000)]
    public async Task A_timeout_that_makes_no_sense_is_refused_also_when_a_connection_is_idle(double milliseconds)
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(milliseconds);
        for (int i = 0; i < 2; i++)
        {
            Assert.Throws<ArgumentOutOfRangeException>("timeout", () => Pool.Rent(timeout));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                "timeout",
                async () => (await Pool.RentAsync(timeout)).Dispose()
            );
            using SqlitePoolConnection idle = Pool.Rent(TimeSpan.FromMilliseconds(int.MaxValue));
        }

        Assert.Equal((0, 1), (Pool.GetStatistics().InUse, Pool.GetStatistics().Idle));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Zero_opens_a_connection_where_there_is_room_for_one(bool async)
    {
        _options.RentTimeout = TimeSpan.Zero;

        using SqlitePoolConnection connection = async ? await Pool.RentAsync() : Pool.Rent();

        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Fact]
    public async Task Infinite_waits_as_long_as_it_takes()
    {
        _options.RentTimeout = Timeout.InfiniteTimeSpan;
        _options.MaxOverflow = 0;
        SqlitePoolConnection held = Pool.Rent();
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();
        _time.Advance(TimeSpan.FromDays(30));
        Assert.False(waiting.IsCompleted);
        held.Dispose();

        (await waiting.Limited()).Dispose();
        Assert.Equal(0, held.ConnectionTimeout);
    }

    [Fact]
    public async Task Too_many_who_wait_are_refused_and_told_why()
    {
        _options.MaxWaiters = 1;
        _options.MaxOverflow = 0;
        SqlitePoolConnection held = Pool.Rent();
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();

        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            Pool.RentAsync().AsTask()
        );

        Assert.Contains("MaxWaiters", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, error.Waiting);
        held.Dispose();
        (await waiting.Limited()).Dispose();
    }

    [Fact]
    public async Task An_open_that_takes_too_long_is_told_as_one_and_its_connection_is_not_lost()
    {
        Latch latch = new();
        _options.MaxOverflow = 0;
        _options.ConnectionOpened = _ => latch.Pass();
        Task<SqlitePoolConnection> rent = Pool.RentAsync().AsTask();
        await latch.Reached;

        _time.Advance(TimeSpan.FromSeconds(30));
        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => rent.Limited());
        Assert.Contains("could not be opened within 30 s", error.Message, StringComparison.Ordinal);
        latch.Open();

        await Limit.Until(() => Pool.GetStatistics().Idle == 1);
        using SqlitePoolConnection connection = await Pool.RentAsync().Limited();
        Assert.Equal("1", connection.Ask("select 1"));
        Assert.Equal(0, Pool.GetStatistics().Misses);
    }

    [Fact]
    public async Task An_open_that_begins_when_the_time_is_up_is_not_counted_as_opening_for_ever()
    {
        bool refuses = false;
        _options.MaxOverflow = 0;
        _options.Renting = _ =>
        {
            if (refuses)
            {
                refuses = false;
                _time.Advance(TimeSpan.FromSeconds(31));
                return false;
            }

            return true;
        };
        for (int i = 0; i < 200; i++)
        {
            (await Pool.RentAsync().Limited()).Dispose();
            refuses = true;
            _ = await Record.ExceptionAsync(async () => (await Pool.RentAsync().Limited()).Dispose());
        }

        await Limit.Until(() => Pool.GetStatistics().Opening == 0);
        await Pool.DisposeAsync().Limited();
    }

    [Fact]
    public async Task A_cancelled_rent_is_told_at_once_even_while_its_connection_opens()
    {
        Latch latch = new();
        _options.ConnectionOpened = _ => latch.Pass();
        using CancellationTokenSource cancelling = new();
        Task<SqlitePoolConnection> rent = Pool.RentAsync(cancelling.Token).AsTask();
        await latch.Reached;

        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent.Limited());
        latch.Open();

        await Limit.Until(() => Pool.GetStatistics().Idle == 1);
        Assert.Equal(1, Pool.GetStatistics().Cancellations);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_rent_leaves_its_place(bool sync)
    {
        _options.MaxOverflow = 0;
        SqlitePoolConnection held = Pool.Rent();
        using CancellationTokenSource cancelling = new();
        Task<SqlitePoolConnection> waiting = sync
            ? Limit.OnThread(() => Pool.Rent(cancelling.Token))
            : Pool.RentAsync(cancelling.Token).AsTask();
        await Limit.Until(() => Pool.GetStatistics().Waiting == 1);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Limited());
        Assert.Equal(0, Pool.GetStatistics().Waiting);
        held.Dispose();
        (await Pool.RentAsync().Limited()).Dispose();
    }

    [Fact]
    public async Task A_connection_disposed_while_it_is_being_opened_is_not_lost()
    {
        Latch latch = new();
        _options.MaxOverflow = 0;
        _options.ConnectionOpened = _ => latch.Pass();
        SqlitePoolConnection connection = Pool.CreateConnection();
        Task opening = connection.OpenAsync();
        await latch.Reached;

        connection.Dispose();
        latch.Open();
        _ = await Record.ExceptionAsync(() => opening.Limited());

        (await Pool.RentAsync().Limited()).Dispose();
    }

    public void Dispose()
    {
        _pool?.Dispose();
        _database.Dispose();
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private SqlitePoolConnection RentHere() => Pool.Rent();

    private async Task<SqlitePoolConnection> RentHereAsync() => await Pool.RentAsync();
}
