using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>The last look before an item is lent.</summary>
public sealed class CheckTests : LeasePoolTest
{
    [Fact]
    public async Task Nothing_is_checked_that_is_not_due()
    {
        MakePool(new LeasePoolOptions { Size = 1, ProbeAfterIdle = Seconds(30) });
        await Rent();
        ReturnAll();
        Pool.Sweep();
        Time.Advance(Seconds(29.9));
        Pool.Sweep();

        await Rent();

        Assert.Equal(0, Source.Checks);
    }

    [Fact]
    public async Task What_was_idle_for_long_is_probed_once_when_it_is_lent()
    {
        MakePool(new LeasePoolOptions { Size = 1, ProbeAfterIdle = Seconds(30) });
        List<bool> probes = [];
        Source.Checking = (_, probe) =>
        {
            probes.Add(probe);
            return RetireReason.None;
        };
        PoolEntry<FakeItem> item = await Rent();
        ReturnAll();
        Pool.Sweep();
        Time.Advance(Seconds(30));
        Pool.Sweep();

        Assert.Same(item, await Rent());
        ReturnAll();
        Assert.Same(item, await Rent());

        Assert.Equal([true], probes);
        Assert.Equal((3, 1), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task What_fails_its_probe_is_closed_and_counted_and_another_one_lent()
    {
        MakePool(new LeasePoolOptions { Size = 3, ProbeAfterIdle = Seconds(30) });
        await RentMany(3);
        ReturnAll();
        Pool.Sweep();
        Time.Advance(Seconds(30));
        Pool.Sweep();
        Source.Checking = (_, _) => Source.Checks < 3 ? RetireReason.Unhealthy : RetireReason.None;

        PoolEntry<FakeItem> item = await Rent();

        Assert.InRange(item.Number, 1, 3);
        AssertPool(open: 1, inUse: 1);
        Assert.Equal((3, 2, 2), (Source.Checks, Counts.HealthCheckFailures, Counts.Closed(RetireReason.Unhealthy)));
        Assert.Equal((4, 3), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task When_all_fail_their_probe_a_new_one_is_opened()
    {
        MakePool(new LeasePoolOptions { Size = 3, ProbeAfterIdle = TimeSpan.Zero });
        await RentMany(3);
        ReturnAll();
        Pool.Sweep();
        Pool.Sweep();
        Source.Checking = (_, _) => RetireReason.Unhealthy;

        Task<PoolEntry<FakeItem>> rent = StartRent();
        await Until(rent);
        Assert.Equal(4, (await rent).Number);

        AssertPool(open: 1, inUse: 1);
        Assert.Equal((3, 4), (Counts.HealthCheckFailures, Counts.Misses));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_checks_every_rent_sees_hot_new_and_handed_over_items_alike(bool blocking)
    {
        Source.ChecksEveryRent = true;
        List<bool> probes = [];
        Source.Checking = (_, probe) =>
        {
            probes.Add(probe);
            return RetireReason.None;
        };
        MakePool(new LeasePoolOptions { Size = 1 });

        PoolEntry<FakeItem> item = await Rent();
        Assert.Single(probes);
        Return(item);
        Assert.False(Pool.TryRentFromSlot(out _));
        Assert.Same(item, blocking ? Take(Pool.Rent()) : await Rent());
        Assert.Equal(2, probes.Count);
        Task<PoolEntry<FakeItem>> waiting = blocking ? StartRentOnThread() : StartRent();
        await Limit.Until(() => Counts.Waiting == 1);
        Return(item);
        await waiting.Limited();

        Assert.Equal([false, false, false], probes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_check_refuses_is_closed_and_another_one_lent(bool blocking)
    {
        Source.ChecksEveryRent = true;
        MakePool(new LeasePoolOptions { Size = 1 });
        await Rent();
        ReturnAll();
        Source.Checking = (item, _) => item.Number == 1 ? RetireReason.Retired : RetireReason.None;

        PoolEntry<FakeItem> next = await (blocking ? StartRentOnThread() : StartRent()).Limited();

        Assert.Equal(2, next.Number);
        Assert.Equal((1, 0), (Counts.Closed(RetireReason.Retired), Counts.HealthCheckFailures));
        Assert.Equal((2, 2), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task A_new_item_that_the_check_refuses_is_no_miss_of_its_own()
    {
        Source.ChecksEveryRent = true;
        Source.Checking = (item, _) => item.Number < 4 ? RetireReason.Retired : RetireReason.None;

        // Without a timeout: its timer would be taken for that of a pause, and the time of the rent run out.
        MakePool(new LeasePoolOptions { Size = 1 });

        Task<PoolEntry<FakeItem>> rent = StartRent();
        await Until(rent);
        Assert.Equal(4, (await rent).Number);

        Assert.Equal((1, 1), (Counts.Rents, Counts.Misses));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_check_that_refuses_everything_cannot_hold_a_rent_beyond_its_deadline(bool blocking)
    {
        Source.ChecksEveryRent = true;
        Source.Checking = (item, _) =>
        {
            Time.Advance(Seconds(1));

            // A rent that goes on for ever is to fail this test, not to hang it.
            return item.Number < 1000 ? RetireReason.Retired : RetireReason.None;
        };
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(5) });

        Task<PoolEntry<FakeItem>> rent = blocking ? StartRentOnThread() : StartRent();

        // Between its tries it pauses.
        await Until(rent);
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(rent.Limited);
        Assert.Equal(RentRefusal.RejectedByHook, refused.Refusal);
        Assert.InRange(Source.Opened, 2, 6);
        Assert.Equal((1, 0, 0), (Counts.Timeouts, Counts.Rents, Counts.Misses));
        Source.Checking = null;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_check_that_refuses_everything_does_not_keep_a_rent_from_being_cancelled(bool blocking)
    {
        using CancellationTokenSource cancel = new();
        Source.ChecksEveryRent = true;
        Source.Checking = (item, _) =>
        {
            if (item.Number == 3)
            {
                cancel.Cancel();
            }

            return item.Number < 1000 ? RetireReason.Retired : RetireReason.None;
        };
        MakePool(new LeasePoolOptions { Size = 1 });

        Task<PoolEntry<FakeItem>> rent = blocking ? StartRentOnThread(cancel.Token) : StartRent(cancel.Token);
        await Until(rent);
        await AssertCanceled(rent);

        Assert.InRange(Source.Opened, 3, 4);
        Assert.Equal((1, 0, 0), (Counts.Cancellations, Counts.Rents, Counts.Misses));
        Source.Checking = null;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pause_between_tries_ends_when_the_pool_is_closed_or_the_rent_is_cancelled(bool closes)
    {
        using CancellationTokenSource cancel = new();
        Source.ChecksEveryRent = true;
        Source.Checking = (_, _) => RetireReason.Retired;
        MakePool(new LeasePoolOptions { Size = 1 });
        Task<PoolEntry<FakeItem>> rent = StartRent(cancel.Token);
        await Limit.Until(() => Source.Closes.Count == 2 && Time.ArmedTimers == 1);

        if (closes)
        {
            Pool.Dispose();
            await AssertClosed(rent);
        }
        else
        {
            await cancel.CancelAsync();
            await AssertCanceled(rent);
        }

        Assert.Equal(2, Source.Opened);
        Source.Checking = null;
    }

    // The clock goes on only in the pauses, the first of which comes after the second refusal: it must not run out while
    // a thread is still to be found for an open.
    private Task Until(Task rent) =>
        Limit.Until(() =>
        {
            if (Time.ArmedTimers == 1 && Source.Closes.Count >= 2 && Counts is { Open: 0, Opening: 0 })
            {
                Time.Advance(Milliseconds(1));
            }

            return rent.IsCompleted;
        });
}
