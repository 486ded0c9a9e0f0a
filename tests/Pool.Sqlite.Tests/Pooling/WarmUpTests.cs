using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class WarmUpTests : LeasePoolTest
{
    [Fact]
    public async Task It_opens_the_base_size_and_every_rent_is_a_hit()
    {
        MakePool(new LeasePoolOptions { Size = 4, MaxOverflow = 2 });

        await WarmUp();

        AssertPool(open: 4, inUse: 0);
        await RentMany(4);
        Assert.Equal((4, 4, 0), (Source.Opened, Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task It_counts_what_is_there_already()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        await RentMany(2);

        await WarmUp();
        await WarmUp();

        AssertPool(open: 3, inUse: 2);
        Assert.Equal(3, Source.Opened);
    }

    [Fact]
    public async Task Somebody_who_waits_gets_what_it_opens()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        Task warmUp = WarmUp();
        await latch.Reached;
        Task<PoolEntry<FakeItem>> waiting = StartRent();
        Assert.False(waiting.IsCompleted);

        latch.Open();

        await waiting.Limited();
        await warmUp.Limited();
        Assert.Equal((1, 0), (Source.Opened, Counts.Misses));
    }

    [Fact]
    public async Task What_fails_to_open_surfaces_and_leaves_what_is_open()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        Source.Opening = number =>
        {
            if (number == 2)
            {
                throw new FakeFailure(transient: false);
            }
        };

        await AssertFailed(WarmUp());

        AssertPool(open: 1, inUse: 0);
        Assert.Equal(1, Counts.OpenFailures);
    }

    [Fact]
    public async Task Cancelling_is_answered_promptly_and_loses_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        using CancellationTokenSource cancel = new();
        Task warmUp = Pool.WarmUp(cancel.Token);
        await latch.Reached;

        await cancel.CancelAsync();
        await AssertCanceled(warmUp);
        latch.Open();

        await Limit.Until(() => Counts.Open == 1);
        await AssertCanceled(Pool.WarmUp(new CancellationToken(canceled: true)));
        Assert.Equal(1, Source.Tries);
    }

    [Fact]
    public async Task It_does_not_wait_for_what_is_out()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        Task<PoolEntry<FakeItem>> opening = StartRent();
        await latch.Reached;

        await WarmUp();

        latch.Open();
        await opening.Limited();
    }

    [Fact]
    public async Task A_closed_pool_cannot_be_warmed_up()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Pool.Dispose();

        await AssertClosed(WarmUp());
    }

    [Fact]
    public async Task Closing_the_pool_ends_it()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        Task warmUp = WarmUp();
        await latch.Reached;

        Pool.Dispose();
        latch.Open();

        await AssertClosed(warmUp);
        Assert.Equal(1, Source.Tries);
    }

    private Task WarmUp() => Pool.WarmUp(CancellationToken.None).Limited();
}
