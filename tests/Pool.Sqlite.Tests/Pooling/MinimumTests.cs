using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>The number of items that the housekeeper keeps open.</summary>
public sealed class MinimumTests : LeasePoolTest
{
    [Fact]
    public async Task The_minimum_is_filled_up_again_after_ageing()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 4,
                MinIdle = 2,
                MaxLifetime = Seconds(100),
            }
        );
        await RentMany(3);
        ReturnAll();
        Time.Advance(Seconds(100));

        Pool.Sweep();

        AssertPool(open: 2, inUse: 0);
        Assert.Equal((5, 3), (Source.Opened, Counts.Closed(RetireReason.Age)));
        PoolEntry<FakeItem> item = await Rent();
        Assert.InRange(item.Number, 4, 5);
        Assert.Equal((4, 3), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task Filling_up_counts_what_is_out()
    {
        MakePool(new LeasePoolOptions { Size = 4, MinIdle = 2 });
        await RentMany(1);
        Pool.Sweep();
        AssertPool(open: 2, inUse: 1);

        await RentMany(1);
        Pool.Sweep();
        AssertPool(open: 2, inUse: 2);
    }

    [Fact]
    public async Task A_round_that_cannot_fill_up_leaves_it_to_the_next()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MinIdle = 2,
                CreateRetries = 5,
            }
        );
        Return(await Rent(), RetireReason.Retired);
        Source.Opening = _ => throw new FakeFailure(transient: true);

        Pool.Sweep();
        Assert.Equal((1, 0), (Counts.OpenFailures, Counts.Open));

        Source.Opening = null;
        Pool.Sweep();
        AssertPool(open: 2, inUse: 0);
    }

    [Fact]
    public void A_round_on_a_closed_pool_opens_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 2, MinIdle = 2 });
        Return(Take(Pool.Rent()));
        Pool.Dispose();

        Pool.Sweep();

        Assert.Equal(1, Source.Tries);
    }
}
