using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>Exclusive work, and what else may be under way.</summary>
public sealed class ExclusiveMeetsOthersTests : LeasePoolTest
{
    [Fact]
    public async Task It_waits_for_an_open_that_nobody_wants_any_more()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        using CancellationTokenSource cancel = new();
        Task<PoolEntry<FakeItem>> rent = StartRent(cancel.Token);
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
        PoolEntry<FakeItem> item = await Rent();
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
        Latch latch = new();
        Task round = await StartHealthCheck(latch);

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
        Task<PoolEntry<FakeItem>> rent = StartRent();

        AssertPool(open: 0, inUse: 0);
        Assert.Equal(2, Source.Tries);
        Pool.EndExclusive();
        await rent.Limited();
    }

    [Fact]
    public async Task It_is_alone_however_it_meets_rents_cancellations_and_other_exclusive_work()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MaxOverflow = 1,
                RentTimeout = Seconds(10),
            }
        );
        int held = 0;
        int notAlone = 0;
        int done = 0;

        async Task Renter()
        {
            for (int i = 0; i < 3000; i++)
            {
                PoolEntry<FakeItem> item = Take(await Pool.RentAsync().AsTask().Limited());
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
            Task.Run(Renter),
            Task.Run(Renter),
            Task.Run(Renter),
            Task.Run(Renter),
            Task.Run(() => Excluder(1)),
            Task.Run(() => Excluder(2))
        );

        Assert.Equal(0, notAlone);
        Assert.InRange(done, 400, 800);
        AssertCountersAreExact();
    }

    private Task StartExclusive() => Pool.BeginExclusive(CancellationToken.None);
}
