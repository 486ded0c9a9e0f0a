using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class ClearTests : LeasePoolTest
{
    [Fact]
    public async Task What_is_idle_closes_now_and_what_is_out_on_its_return()
    {
        MakePool(new LeasePoolOptions { Size = 6 });
        PoolEntry<FakeItem>[] items = await RentMany(6);
        Array.ForEach(items[..4], item => Return(item));

        Pool.Clear();

        AssertPool(open: 2, inUse: 2);
        Return(items[4]);
        Return(items[5]);
        AssertPool(open: 0, inUse: 0);
        Assert.Equal(6, Counts.Closed(RetireReason.Clear));
    }

    [Fact]
    public async Task Rents_go_on_with_new_items()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem> old = await Rent();
        Pool.Clear();

        PoolEntry<FakeItem> young = await Rent();
        Return(old);
        Return(young);

        Assert.Same(young, await Rent());
    }

    [Fact]
    public async Task A_cleared_item_that_comes_back_is_not_handed_to_a_waiter()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> old = await Rent();
        Task<PoolEntry<FakeItem>> waiting = StartRent();
        Pool.Clear();

        Return(old);

        Assert.NotSame(old, await waiting.Limited());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_being_opened_meanwhile_is_not_lent_either(bool blocking)
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        Task<PoolEntry<FakeItem>> rent = blocking ? StartRentOnThread() : StartRent();
        await latch.Reached;

        Pool.Clear();
        latch.Open();

        Assert.Equal(2, (await rent.Limited()).Number);
        Assert.Equal(1, Counts.Closed(RetireReason.Clear));
        Assert.Equal((1, 1), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task What_is_opened_for_nobody_meanwhile_is_closed()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        using CancellationTokenSource cancel = new();
        Task<PoolEntry<FakeItem>> rent = StartRent(cancel.Token);
        await latch.Reached;
        await cancel.CancelAsync();
        await AssertCanceled(rent);

        Pool.Clear();
        latch.Open();

        await Limit.Until(() => Counts.Closed(RetireReason.Clear) == 1);
        AssertPool(open: 0, inUse: 0);
    }

    [Fact]
    public async Task Clearing_an_unused_pool_does_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 1 });

        Pool.Clear();

        AssertPool(open: 0, inUse: 0);
        await Rent();
        AssertPool(open: 1, inUse: 1);
    }

    [Fact]
    public async Task What_was_borrowed_for_a_health_check_is_closed_after_it()
    {
        MakePool(new LeasePoolOptions { Size = 1, HealthCheckInterval = Seconds(60) });
        await Rent();
        ReturnAll();
        Latch latch = new();
        Task round = await StartHealthCheck(latch);

        Pool.Clear();
        latch.Open();
        await round.Limited();
        Pool.Sweep();

        AssertPool(open: 0, inUse: 0);
    }

    [Fact]
    public async Task What_was_opened_before_is_never_lent_after_however_clearing_meets_rents_and_returns()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        int newest = 0;
        int stale = 0;
        using CancellationTokenSource stop = new();

        async Task Renter()
        {
            while (!stop.IsCancellationRequested)
            {
                int before = Volatile.Read(ref newest);
                PoolEntry<FakeItem> item = Take(await Pool.RentAsync().AsTask().Limited());
                if (item.Value.Number <= before)
                {
                    Interlocked.Increment(ref stale);
                }

                await Task.Yield();
                Return(item);
            }
        }

        Task[] renters = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(Renter))];
        for (int i = 0; i < 1500; i++)
        {
            await Limit.Until(() => Source.Opened > newest);
            int opened = Source.Opened;
            Pool.Clear();
            Volatile.Write(ref newest, opened);
        }

        await stop.CancelAsync();
        await Task.WhenAll(renters).Limited();
        Assert.Equal(0, stale);
        AssertCountersAreExact();
    }
}
