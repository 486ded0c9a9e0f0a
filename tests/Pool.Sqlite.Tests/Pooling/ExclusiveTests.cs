using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class ExclusiveTests : LeasePoolTest
{
    [Fact]
    public async Task It_waits_until_everything_is_back_and_closes_everything()
    {
        MakePool(new LeasePoolOptions { Size = 3, MaxOverflow = 1 });
        PoolEntry<FakeItem>[] items = await RentMany(4);
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
        PoolEntry<FakeItem> item = await Rent();
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
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Task<PoolEntry<FakeItem>> before = StartRent();
        Task exclusive = StartExclusive();
        Task<PoolEntry<FakeItem>> after = StartRent();

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
        PoolEntry<FakeItem>[] items = await RentMany(3);
        Return(items[0]);
        using CancellationTokenSource cancel = new();
        Task exclusive = Pool.BeginExclusive(cancel.Token);
        Return(items[1]);
        Time.Advance(Seconds(1));
        Task<PoolEntry<FakeItem>>[] behind = [StartRent(), StartRent(), StartRent()];

        if (byCancelling)
        {
            await cancel.CancelAsync();
            await AssertCanceled(exclusive);
        }
        else
        {
            Time.Advance(Seconds(4));
            RefusedException refused = await AssertRefused(exclusive, RentRefusal.TimedOutWaitingForAll);
            Assert.Equal(Seconds(5), refused.Waited);
        }

        PoolEntry<FakeItem>[] served = [await behind[0].Limited(), await behind[1].Limited()];
        Assert.Equal([items[0], items[1]], served.OrderBy(item => item.Number));
        Assert.False(behind[2].IsCompleted);
        Return(items[2]);
        await behind[2].Limited();
        Assert.Equal((0, byCancelling ? 1 : 0), (Counts.Timeouts, Counts.Cancellations));
        Assert.Empty(Source.Closes);
    }

    [Fact]
    public async Task A_timeout_of_zero_fails_at_once_when_something_is_out()
    {
        MakePool(new LeasePoolOptions { Size = 2, RentTimeout = TimeSpan.Zero });
        Take(Pool.Rent());

        Task exclusive = StartExclusive();

        await AssertRefused(exclusive, RentRefusal.TimedOutWaitingForAll);
        Assert.Equal((0, 0), (Counts.Timeouts, Counts.Waiting));
        Take(Pool.Rent());
    }

    [Fact]
    public async Task Two_at_once_come_one_after_the_other()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
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
    public async Task It_fails_at_once_when_the_pool_is_closed_before_or_meanwhile()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[0]);
        Task waiting = StartExclusive();

        Pool.Dispose();

        await AssertClosed(waiting);
        await AssertClosed(StartExclusive());
        Return(items[1]);
        await AssertDrained();
        Assert.True(Source.Closes[^1].Last);
    }

    private Task StartExclusive() => Pool.BeginExclusive(CancellationToken.None);
}
