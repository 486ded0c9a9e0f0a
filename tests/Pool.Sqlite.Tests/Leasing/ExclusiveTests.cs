using Pool.Sqlite.Leasing;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Leasing;

public sealed class ExclusiveTests : LeasePoolTest
{
    [Fact]
    public async Task It_waits_until_everything_is_back_and_closes_everything()
    {
        MakePool(new LeasePoolOptions { Size = 3, MaxOverflow = 1 });
        PoolItem<FakeItem>[] items = await RentMany(4);
        Return(items[2]);
        Task exclusive = StartExclusive();
        Return(items[0]);
        Return(items[3]);
        Assert.False(exclusive.IsCompleted);
        Assert.Empty(Source.Closes);

        Return(items[1]);
        await exclusive.Limited();

        AssertPool(open: 0, inUse: 0);
        Assert.Equal(4, Counts.Closed(RetireReason.Clear));
        Pool.EndExclusive();
        Assert.Equal(5, (await Rent()).Number);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task It_begins_at_once_on_an_unused_pool_and_on_an_idle_one(int size)
    {
        MakePool(new LeasePoolOptions { Size = size, RentTimeout = TimeSpan.Zero });
        await StartExclusive().Limited();
        Pool.EndExclusive();
        Take(Pool.Rent());
        ReturnAll();

        await StartExclusive().Limited();

        AssertPool(open: 0, inUse: 0);
        Pool.EndExclusive();
    }

    [Fact]
    public async Task The_one_item_of_a_pool_of_one_is_closed_as_well()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolItem<FakeItem> item = await Rent();
        Task exclusive = StartExclusive();

        Return(item);
        await exclusive.Limited();

        AssertPool(open: 0, inUse: 0);
        Pool.EndExclusive();
        Assert.Equal(2, (await Rent()).Number);
    }

    [Fact]
    public async Task Those_who_came_before_are_served_before_it_and_those_who_came_after_it_later()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolItem<FakeItem>[] items = await RentMany(2);
        Task<PoolItem<FakeItem>> before = StartRent();
        Task exclusive = StartExclusive();
        Task<PoolItem<FakeItem>> after = StartRent();

        Return(items[0]);
        Assert.Same(items[0], await before.Limited());
        Return(items[1]);
        Assert.Equal(2, Counts.Waiting);
        Return(items[0]);
        await exclusive.Limited();

        Assert.Equal(1, Counts.Waiting);
        Assert.False(after.IsCompleted);
        AssertPool(open: 0, inUse: 0);
        Pool.EndExclusive();
        Assert.Equal(3, (await after.Limited()).Number);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_gives_up_gives_back_what_it_has_collected(bool byCancelling)
    {
        MakePool(new LeasePoolOptions { Size = 3, RentTimeout = Seconds(5) });
        PoolItem<FakeItem>[] items = await RentMany(3);
        Return(items[0]);
        using CancellationTokenSource cancel = new();
        Task exclusive = Pool.BeginExclusive(cancel.Token);
        Return(items[1]);
        Time.Advance(Seconds(1));
        Task<PoolItem<FakeItem>>[] behind = [StartRent(), StartRent(), StartRent()];

        if (byCancelling)
        {
            await cancel.CancelAsync();
            await AssertCanceled(exclusive);
        }
        else
        {
            Time.Advance(Seconds(4));
            RefusedException refused = await AssertRefused(exclusive, RentRefusal.TimedOutWaiting);
            Assert.Equal(Seconds(5), refused.Waited);
        }

        PoolItem<FakeItem>[] served = [await behind[0].Limited(), await behind[1].Limited()];
        Assert.Equal([items[0], items[1]], served.OrderBy(item => item.Number));
        Assert.False(behind[2].IsCompleted);
        Return(items[2]);
        await behind[2].Limited();
        Assert.Equal(byCancelling ? (0, 1) : (1, 0), (Counts.Timeouts, Counts.Cancellations));
        Assert.Empty(Source.Closes);
    }

    [Fact]
    public async Task Two_at_once_come_one_after_the_other()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolItem<FakeItem>[] items = await RentMany(2);
        Return(items[0]);
        Task first = StartExclusive();
        Task second = StartExclusive();
        Return(items[1]);

        await first.Limited();
        Assert.False(second.IsCompleted);
        Pool.EndExclusive();
        await second.Limited();
        Pool.EndExclusive();
    }

    [Fact]
    public async Task It_waits_for_an_open_that_nobody_wants_any_more()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        using CancellationTokenSource cancel = new();
        Task<PoolItem<FakeItem>> rent = StartRent(cancel.Token);
        await latch.Reached;
        await cancel.CancelAsync();
        await AssertCanceled(rent);

        Task exclusive = StartExclusive();
        Assert.Equal(1, Counts.Waiting);
        latch.Open();
        await exclusive.Limited();

        AssertPool(open: 0, inUse: 0);
        Pool.EndExclusive();
    }

    [Fact]
    public async Task It_waits_for_a_close_that_is_under_way()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolItem<FakeItem> item = await Rent();
        Latch latch = new();
        Source.Closing = _ => latch.Pass();
        Task returning = Limit.OnThread(() => Return(item, RetireReason.Retired));
        await latch.Reached;

        Task exclusive = StartExclusive();
        Assert.Equal(1, Counts.Waiting);

        latch.Open();
        await exclusive.Limited();
        await returning.Limited();
        Assert.Single(Source.Closes);
        Pool.EndExclusive();
    }

    [Fact]
    public async Task It_waits_for_what_the_housekeeper_has()
    {
        MakePool(new LeasePoolOptions { Size = 1, HealthCheckInterval = Seconds(60) });
        await Rent();
        ReturnAll();
        Pool.Sweep();
        Time.Advance(Seconds(60));
        Latch latch = new();
        Source.Checking = (_, _) =>
        {
            latch.Pass();
            return RetireReason.None;
        };
        Task round = Task.Run(Pool.Sweep);
        await latch.Reached;

        Task exclusive = StartExclusive();
        Assert.Equal(1, Counts.Waiting);
        latch.Open();
        await exclusive.Limited();

        AssertPool(open: 0, inUse: 0);
        Pool.EndExclusive();
        await round.Limited();
    }

    [Fact]
    public async Task Nothing_is_opened_while_it_lasts()
    {
        MakePool(new LeasePoolOptions { Size = 2, MinIdle = 2 });
        await RentMany(2);
        ReturnAll();
        await StartExclusive().Limited();

        Pool.Sweep();
        await Pool.WarmUp(CancellationToken.None).Limited();
        Task<PoolItem<FakeItem>> rent = StartRent();

        AssertPool(open: 0, inUse: 0);
        Assert.Equal(2, Source.Tries);
        Pool.EndExclusive();
        await rent.Limited();
    }

    [Fact]
    public async Task It_fails_at_once_when_the_pool_is_closed_before_or_meanwhile()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolItem<FakeItem>[] items = await RentMany(2);
        Return(items[0]);
        Task waiting = StartExclusive();

        Pool.Dispose();

        await AssertClosed(waiting);
        await AssertClosed(StartExclusive());
        Return(items[1]);
        await AssertDrained();
        Assert.True(Source.Closes[^1].Last);
    }

    [Fact]
    public async Task It_is_alone_however_it_meets_rents_cancellations_and_other_exclusive_work()
    {
        MakePool(new LeasePoolOptions { Size = 2, MaxOverflow = 1, RentTimeout = Seconds(10) });
        int held = 0;
        int notAlone = 0;
        int done = 0;

        async Task Renter()
        {
            for (int i = 0; i < 3000; i++)
            {
                PoolItem<FakeItem> item = Take(await Pool.RentAsync().AsTask().Limited());
                Interlocked.Increment(ref held);
                await Task.Yield();
                Interlocked.Decrement(ref held);
                Return(item);
            }
        }

        async Task Excluder(int seed)
        {
            Random random = new(seed);
            for (int i = 0; i < 400; i++)
            {
                using CancellationTokenSource cancel = new();
                Task exclusive = Pool.BeginExclusive(cancel.Token);
                if (random.Next(3) == 0)
                {
                    await Task.Yield();
                    await cancel.CancelAsync();
                }

                try
                {
                    await exclusive.Limited();
                }
                catch (OperationCanceledException)
                {
                    continue;
                }

                bool alone = Interlocked.Add(ref held, 1000) == 1000 && Counts.Open == 0;
                await Task.Yield();
                alone &= Interlocked.Add(ref held, -1000) == 0 && Source.Opened == Source.Closes.Count;
                Interlocked.Add(ref notAlone, alone ? 0 : 1);
                Interlocked.Increment(ref done);
                Pool.EndExclusive();
            }
        }

        await Task.WhenAll(
            Task.Run(Renter), Task.Run(Renter), Task.Run(Renter), Task.Run(Renter),
            Task.Run(() => Excluder(1)), Task.Run(() => Excluder(2)));

        Assert.Equal(0, notAlone);
        Assert.InRange(done, 400, 800);
        AssertCountersAreExact();
    }

    private Task StartExclusive() => Pool.BeginExclusive(CancellationToken.None);
}
