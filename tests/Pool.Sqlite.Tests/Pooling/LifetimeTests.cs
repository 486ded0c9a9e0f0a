using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class LifetimeTests : LeasePoolTest
{
    [Fact]
    public async Task An_expired_item_that_comes_back_is_not_handed_to_a_waiter()
    {
        MakePool(new LeasePoolOptions { Size = 1, MaxLifetime = Seconds(100) });
        PoolEntry<FakeItem> old = await Rent();
        Task<PoolEntry<FakeItem>> waiting = StartRent();
        Time.Advance(Seconds(100));

        Return(old);

        Assert.Equal(2, (await waiting.Limited()).Number);
        Assert.Equal(1, Counts.Closed(RetireReason.Age));
        Assert.Equal((2, 2), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task An_item_that_expires_during_the_hand_off_is_replaced_under_the_same_permit()
    {
        MakePool(new LeasePoolOptions { Size = 2, MaxLifetime = Seconds(100) });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[0]);

        // Exclusive work collects the item; once it has given up, the item lies idle.
        using CancellationTokenSource cancel = new();
        Task exclusive = Pool.BeginExclusive(cancel.Token);
        Task<PoolEntry<FakeItem>> waiting = StartRent();
        Time.Advance(Seconds(100));
        await cancel.CancelAsync();
        await AssertCanceled(exclusive);

        Assert.Equal(3, (await waiting.Limited()).Number);
        AssertPool(open: 2, inUse: 2);
    }

    [Fact]
    public async Task An_expired_item_is_not_lent_from_the_queue()
    {
        MakePool(new LeasePoolOptions { Size = 3, MaxLifetime = Seconds(100) });
        await RentMany(3);
        ReturnAll();
        Pool.Sweep();
        Pool.Sweep();
        Time.Advance(Seconds(100));

        Assert.Equal(4, (await Rent()).Number);
    }

    [Fact]
    public async Task A_round_of_the_housekeeper_closes_what_has_expired_wherever_it_lies()
    {
        MakePool(new LeasePoolOptions { Size = 4, MaxLifetime = Seconds(100) });
        PoolEntry<FakeItem>[] items = await RentMany(4);
        Return(items[0]);
        Return(items[1]);
        Return(items[2]);
        Time.Advance(Seconds(100));

        Pool.Sweep();
        AssertPool(open: 1, inUse: 1);

        Return(items[3]);
        AssertPool(open: 0, inUse: 0);
        Assert.Equal(4, Counts.Closed(RetireReason.Age));
    }

    [Fact]
    public async Task Nothing_expires_without_a_lifetime()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        Time.Advance(TimeSpan.FromDays(10_000));
        Return(item);
        Pool.Sweep();

        Assert.Same(item, await Rent());
    }

    [Fact]
    public async Task Lifetimes_are_up_to_two_and_a_half_percent_short_and_spread()
    {
        MakePool(new LeasePoolOptions { Size = 200, MaxLifetime = Seconds(1000) });
        long opened = Time.GetTimestamp();
        PoolEntry<FakeItem>[] items = await RentMany(200);

        int ExpiredAfter(double seconds) => items.Count(item => item.HasExpired(opened + Seconds(seconds).Ticks));

        Assert.Equal(0, ExpiredAfter(974.999));
        Assert.Equal(200, ExpiredAfter(1000));

        // With 200 of them, each of these bounds is more than six standard deviations away.
        Assert.InRange(ExpiredAfter(981.25), 10, 95);
        Assert.InRange(ExpiredAfter(987.5), 55, 145);
        Assert.InRange(ExpiredAfter(993.75), 105, 190);
    }

    [Fact]
    public async Task Each_item_has_its_number_and_knows_how_often_it_was_lent()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[1]);
        await Rent();

        Assert.Equal([1, 2], items.Select(item => item.Number));
        Assert.Equal([1L, 2L], items.Select(item => item.Rents));
        Assert.All(items, item => Assert.True(item.IsLeased));
    }

    [Fact]
    public async Task How_long_something_has_been_out_is_known_at_the_grain_of_the_rounds()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Pool.Sweep();
        Time.Advance(Seconds(3));
        Return(items[1]);
        PoolEntry<FakeItem> again = await Rent();
        Pool.Sweep();
        Time.Advance(Seconds(4));

        Assert.Equal(
            [(items[0].Number, Seconds(7)), (again.Number, Seconds(4))],
            Pool.Leased().Select(lease => (lease.Item.Number, lease.Held)).Order()
        );
    }
}
