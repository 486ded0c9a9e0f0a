using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class HousekeepingTests : LeasePoolTest
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Idle_items_are_closed_down_to_the_minimum(int minIdle)
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 4,
                MinIdle = minIdle,
                IdleTimeout = Seconds(60),
            }
        );
        await RentMany(4);
        ReturnAll();
        Pool.Sweep();

        Time.Advance(Seconds(59.9));
        Pool.Sweep();
        AssertPool(open: 4, inUse: 0);

        Time.Advance(Seconds(0.1));
        Pool.Sweep();
        AssertPool(open: minIdle, inUse: 0);
        Assert.Equal(4 - minIdle, Counts.Closed(RetireReason.Idle));
    }

    [Fact]
    public async Task A_hot_item_that_nobody_takes_goes_cold_and_is_closed_like_any_other()
    {
        MakePool(new LeasePoolOptions { Size = 1, IdleTimeout = Seconds(60) });
        await Rent();
        ReturnAll();
        Pool.Sweep();
        Assert.True(Pool.TryRentFromSlot(out PoolEntry<FakeItem>? hot));
        Return(Take(hot));
        Pool.Sweep();

        Time.Advance(Seconds(1));
        Pool.Sweep();
        Assert.False(Pool.TryRentFromSlot(out _));
        AssertPool(open: 1, inUse: 0);

        Time.Advance(Seconds(59));
        Pool.Sweep();
        AssertPool(open: 0, inUse: 0);
    }

    [Fact]
    public async Task A_cold_item_is_lent_again_and_counts_as_fresh()
    {
        MakePool(new LeasePoolOptions { Size = 1, IdleTimeout = Seconds(60) });
        await Rent();
        ReturnAll();
        Pool.Sweep();
        Time.Advance(Seconds(50));
        Pool.Sweep();
        await Rent();
        ReturnAll();
        Pool.Sweep();

        Time.Advance(Seconds(59));
        Pool.Sweep();

        AssertPool(open: 1, inUse: 0);
        Assert.Equal(1, Source.Opened);
    }

    [Fact]
    public async Task What_is_out_is_never_closed_or_checked()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 1,
                MaxOverflow = 1,
                IdleTimeout = Seconds(1),
                OverflowIdleTimeout = Seconds(1),
                HealthCheckInterval = Seconds(1),
                ProbeAfterIdle = Seconds(1),
            }
        );
        PoolEntry<FakeItem>[] items = await RentMany(2);

        for (int i = 0; i < 5; i++)
        {
            Time.Advance(Seconds(10));
            Pool.Sweep();
        }

        AssertPool(open: 2, inUse: 2);
        Assert.Equal(0, Source.Checks);
        Return(items[0]);
        Assert.Same(items[0], await Rent());
    }

    [Fact]
    public async Task What_comes_home_during_a_round_is_not_taken_for_idle()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 16,
                IdleTimeout = Seconds(60),
                HealthCheckInterval = Seconds(60),
            }
        );
        PoolEntry<FakeItem>[] items = await RentMany(16);
        Pool.Sweep();
        Time.Advance(Seconds(50));
        Array.ForEach(items[..8], item => Return(item));
        Pool.Sweep();
        Time.Advance(Seconds(20));

        // The round has looked at all of them and stands at the first of those that are idle …
        Latch latch = new();
        Source.Checking = (_, _) =>
        {
            latch.Pass();
            return RetireReason.None;
        };
        Task round = Task.Run(Pool.Sweep);
        await latch.Reached;

        // … while the rest of these goes out, and what has been out since the beginning comes home.
        await RentMany(7);
        Array.ForEach(items[8..], item => Return(item));
        latch.Open();
        await round.Limited();

        Assert.Equal(0, Counts.Closed(RetireReason.Idle));
    }

    [Fact]
    public async Task A_health_check_is_due_after_its_interval_and_what_fails_is_closed()
    {
        MakePool(new LeasePoolOptions { Size = 2, HealthCheckInterval = Seconds(60) });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        ReturnAll();
        Pool.Sweep();
        List<(int Number, bool Probe)> checks = [];
        Source.Checking = (item, probe) =>
        {
            checks.Add((item.Number, probe));
            return item.Number == items[1].Number ? RetireReason.Unhealthy : RetireReason.None;
        };

        Time.Advance(Seconds(59));
        Pool.Sweep();
        Assert.Empty(checks);

        Time.Advance(Seconds(1));
        Pool.Sweep();
        Assert.Equal([(1, true), (2, true)], checks.Order());
        AssertPool(open: 1, inUse: 0);
        Assert.Equal((1, 1), (Counts.HealthCheckFailures, Counts.Closed(RetireReason.Unhealthy)));

        Time.Advance(Seconds(59));
        Pool.Sweep();
        Assert.Equal(2, checks.Count);
    }

    [Fact]
    public async Task A_round_holds_one_item_at_a_time_and_rents_go_on_meanwhile()
    {
        MakePool(new LeasePoolOptions { Size = 3, HealthCheckInterval = Seconds(60) });
        await RentMany(3);
        ReturnAll();
        Latch latch = new();
        Task round = await StartHealthCheck(latch);

        await RentMany(2);
        Task<PoolEntry<FakeItem>> waiting = StartRent();
        Assert.False(waiting.IsCompleted);

        latch.Open();
        await waiting.Limited();
        await round.Limited();
        Assert.Equal((3, 1, 0), (Source.Opened, Source.Checks, Counts.Waiting));
    }

    [Fact]
    public async Task A_round_takes_nothing_while_somebody_waits()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MinIdle = 2,
                IdleTimeout = Seconds(1),
                MaxLifetime = Seconds(100),
            }
        );
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[0]);
        Pool.Sweep();
        Task exclusive = Pool.BeginExclusive(CancellationToken.None);
        Time.Advance(Seconds(1000));

        Pool.Sweep();

        AssertPool(open: 2, inUse: 1);
        Return(items[1]);
        await exclusive.Limited();
        Pool.Sweep();
        AssertPool(open: 0, inUse: 0);
        Pool.EndExclusive();
    }

    [Fact]
    public async Task Two_rounds_never_run_at_once()
    {
        MakePool(new LeasePoolOptions { Size = 2, HealthCheckInterval = Seconds(60) });
        await RentMany(2);
        ReturnAll();
        Latch latch = new();
        Task round = await StartHealthCheck(latch);

        await Limit.OnThread(Pool.Sweep).Limited();
        Assert.Equal(1, Source.Checks);

        latch.Open();
        await round.Limited();
        Assert.Equal(2, Source.Checks);
    }

    [Fact]
    public async Task A_round_that_meets_the_closing_of_the_pool_gives_its_item_up()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MinIdle = 2,
                HealthCheckInterval = Seconds(60),
            }
        );
        await RentMany(2);
        ReturnAll();
        Latch latch = new();
        Task round = await StartHealthCheck(latch);

        Pool.Dispose();
        Assert.Single(Source.Closes);
        latch.Open();
        await round.Limited();

        await AssertDrained();
        Assert.Equal((2, 0), (Source.Opened, Counts.OpenFailures));
        Assert.True(Source.Closes[^1].Last);
    }
}
