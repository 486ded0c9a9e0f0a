using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class BoundTests : LeasePoolTest
{
    [Fact]
    public void Making_a_pool_opens_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 3, MinIdle = 2 });

        Pool.Sweep();

        Assert.Equal(0, Source.Tries);
    }

    [Fact]
    public async Task No_more_are_out_than_size_and_overflow_together()
    {
        MakePool(new LeasePoolOptions { Size = 2, MaxOverflow = 3 });
        PoolEntry<FakeItem>[] items = await RentMany(5);

        Task<PoolEntry<FakeItem>> sixth = StartRent();

        Assert.False(sixth.IsCompleted);
        AssertPool(open: 5, inUse: 5);
        Return(items[3]);
        Assert.Same(items[3], await sixth.Limited());
        Assert.Equal(5, Source.Opened);
    }

    [Fact]
    public async Task What_comes_back_is_lent_again()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem> first = await Rent();
        Return(first);

        Assert.Same(first, await Rent());
        Assert.Equal(1, Source.Opened);
        Assert.Equal((2, 1), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task An_overflow_item_lingers_until_its_timeout_and_then_closes_down_to_the_base_size()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MaxOverflow = 2,
                OverflowIdleTimeout = Seconds(10),
            }
        );
        await RentMany(4);
        ReturnAll();
        Pool.Sweep();

        Time.Advance(Seconds(9.999));
        Pool.Sweep();
        AssertPool(open: 4, inUse: 0);

        Time.Advance(Seconds(0.001));
        Pool.Sweep();
        AssertPool(open: 2, inUse: 0);
        Assert.Equal(2, Counts.Closed(RetireReason.Overflow));

        Time.Advance(TimeSpan.FromDays(1));
        Pool.Sweep();
        AssertPool(open: 2, inUse: 0);
    }

    [Fact]
    public async Task An_idle_item_is_overflow_while_as_many_as_the_base_size_are_out()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 1,
                MaxOverflow = 1,
                OverflowIdleTimeout = Seconds(10),
            }
        );
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[0]);
        Pool.Sweep();

        Time.Advance(Seconds(10));
        Pool.Sweep();

        AssertPool(open: 1, inUse: 1);
    }

    [Fact]
    public async Task Without_a_linger_an_overflow_item_closes_on_its_return()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 1,
                MaxOverflow = 2,
                OverflowIdleTimeout = TimeSpan.Zero,
            }
        );
        PoolEntry<FakeItem>[] items = await RentMany(3);

        Return(items[0]);
        AssertPool(open: 2, inUse: 2);
        Return(items[2]);
        AssertPool(open: 1, inUse: 1);
        Return(items[1]);
        AssertPool(open: 1, inUse: 0);
        Assert.Equal(2, Counts.Closed(RetireReason.Overflow));
    }

    [Fact]
    public async Task Without_a_linger_an_overflow_item_still_goes_to_whoever_waits()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 1,
                MaxOverflow = 1,
                OverflowIdleTimeout = TimeSpan.Zero,
            }
        );
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Task<PoolEntry<FakeItem>> waiting = StartRent();

        Return(items[1]);

        Assert.Same(items[1], await waiting.Limited());
        Assert.Equal(0, Counts.Closed(RetireReason.Overflow));
        AssertPool(open: 2, inUse: 2);
    }

    [Fact]
    public async Task A_retired_item_is_closed_on_its_return_and_its_permit_is_free()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> first = await Rent();

        Return(first, RetireReason.Unclean);

        AssertPool(open: 0, inUse: 0);
        Assert.Equal(1, Counts.Closed(RetireReason.Unclean));
        Assert.NotSame(first, await Rent());
    }

    [Fact]
    public async Task An_item_that_is_retired_while_it_is_out_is_closed_on_its_return()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        item.Retire(RetireReason.Retired);
        item.Retire(RetireReason.Age);

        Return(item);

        AssertPool(open: 0, inUse: 0);
        Assert.Equal(1, Counts.Closed(RetireReason.Retired));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stock_is_not_opened_beyond_the_bound_while_rents_are_opening(bool warmingUp)
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MaxOverflow = 1,
                MinIdle = warmingUp ? 0 : 2,
            }
        );
        PoolEntry<FakeItem> item = await Rent();
        Latch latch = new();
        Source.Opening = number =>
        {
            // What is opened for stock, if it is, need not wait.
            if (number <= 3)
            {
                latch.Pass();
            }
        };
        Task<PoolEntry<FakeItem>>[] opening = [StartRent(), StartRent()];
        await Limit.Until(() => Source.Tries == 3);

        // It comes home and goes cold: its permit is free, and it is the only one that is open.
        Return(item);
        Pool.Sweep();
        Pool.Sweep();
        if (warmingUp)
        {
            await Pool.WarmUp(CancellationToken.None).Limited();
        }

        latch.Open();
        await Task.WhenAll(opening).Limited();
        AssertPool(open: 3, inUse: 2);
        Assert.Equal(3, Source.MostExisting);
    }

    [Fact]
    public async Task The_peak_is_the_most_that_were_out_at_once()
    {
        MakePool(new LeasePoolOptions { Size = 4 });
        await RentMany(2);
        ReturnAll();
        await RentMany(3);
        ReturnAll();
        await Rent();

        Assert.Equal(3, Counts.PeakInUse);
    }

    [Fact]
    public async Task The_peak_counts_those_who_had_to_wait()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        await Pool.BeginExclusive(CancellationToken.None).Limited();
        Task<PoolEntry<FakeItem>>[] waiting = [StartRent(), StartRent()];
        Pool.EndExclusive();
        await Task.WhenAll(waiting).Limited();

        Assert.Equal(2, Counts.InUse);
        Assert.Equal(2, Counts.PeakInUse);
    }

    [Fact]
    public async Task The_peak_does_not_count_what_exclusive_work_had()
    {
        // So many permits that their return takes longer than the rent that goes on after the first of them.
        MakePool(new LeasePoolOptions { Size = 1, MaxOverflow = 1_000_000 });
        await Pool.BeginExclusive(CancellationToken.None).Limited();
        Task<PoolEntry<FakeItem>> waiting = StartRent();

        Pool.EndExclusive();

        Return(await waiting.Limited());
        Assert.Equal(1, Counts.PeakInUse);
        Pool.Dispose();
    }

    [Fact]
    public async Task Neither_exclusive_work_nor_warming_up_counts_as_use()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        await Pool.WarmUp(CancellationToken.None).Limited();
        await Pool.BeginExclusive(CancellationToken.None).Limited();
        Pool.EndExclusive();
        await Rent();

        Assert.Equal(1, Counts.PeakInUse);
    }
}
