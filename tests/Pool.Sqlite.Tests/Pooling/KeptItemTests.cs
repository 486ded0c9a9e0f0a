using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>An item that must be kept stays until the pool is closed, whatever speaks against it.</summary>
public sealed class KeptItemTests : LeasePoolTest
{
    [Theory]
    [InlineData(nameof(RetireReason.Retired))]
    [InlineData(nameof(RetireReason.Unclean))]
    [InlineData(nameof(RetireReason.Unhealthy))]
    public async Task It_is_lent_again_after_a_lease_that_wanted_it_closed(string reason)
    {
        MakeKeepingPool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        Return(item, Enum.Parse<RetireReason>(reason));

        Assert.Same(item, await Rent());
        Assert.Empty(Source.Closes);
    }

    [Fact]
    public async Task It_goes_to_the_one_who_waits()
    {
        MakeKeepingPool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        Task<PoolEntry<FakeItem>> waiting = StartRent();
        await Limit.Until(() => Counts.Waiting == 1);
        Return(item, RetireReason.Retired);

        Assert.Same(item, await waiting.Limited());
    }

    [Fact]
    public async Task It_neither_ages_nor_is_it_closed_when_idle_or_unhealthy()
    {
        MakeKeepingPool(
            new LeasePoolOptions
            {
                Size = 1,
                MaxLifetime = Seconds(60),
                IdleTimeout = Seconds(10),
                OverflowIdleTimeout = TimeSpan.Zero,
                HealthCheckInterval = Seconds(1),
            }
        );
        PoolEntry<FakeItem> item = await Rent();
        ReturnAll();
        Source.Checking = (_, _) => RetireReason.Unhealthy;
        for (int i = 0; i < 10; i++)
        {
            Pool.Sweep();
            Time.Advance(Seconds(20));
        }

        Source.Checking = null;
        Assert.Same(item, await Rent());
        Assert.Empty(Source.Closes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_check_that_refuses_it_is_asked_again(bool blocking)
    {
        Source.ChecksEveryRent = true;
        MakeKeepingPool(new LeasePoolOptions { Size = 1 });
        Source.Checking = (_, _) => Source.Checks is 1 or 3 ? RetireReason.Retired : RetireReason.None;
        PoolEntry<FakeItem> item = await Rent();
        ReturnAll();

        Assert.Same(item, await (blocking ? StartRentOnThread() : StartRent()).Limited());
        Assert.Equal((4, 1, 2, 1), (Source.Checks, Source.Opened, Counts.Rents, Counts.Misses));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_check_that_always_refuses_it_ends_the_rent_at_its_deadline_and_the_item_stays(bool blocking)
    {
        Source.ChecksEveryRent = true;
        MakeKeepingPool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(5) });
        Source.Checking = (_, _) =>
        {
            Time.Advance(Seconds(1));
            return RetireReason.Retired;
        };
        Task<PoolEntry<FakeItem>> rent = blocking ? StartRentOnThread() : StartRent();
        await Limit.Until(() =>
        {
            Time.Advance(Milliseconds(1));
            return rent.IsCompleted;
        });

        await AssertRefused(rent, RentRefusal.RejectedByHook);
        Source.Checking = null;
        await Rent();
        Assert.Equal((1, 0), (Source.Opened, Source.Closes.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pause_before_it_is_asked_again_ends_with_the_pool_or_the_token(bool closes)
    {
        using CancellationTokenSource cancel = new();
        Source.ChecksEveryRent = true;
        MakeKeepingPool(new LeasePoolOptions { Size = 1 });
        Source.Checking = (_, _) => RetireReason.Retired;
        Task<PoolEntry<FakeItem>> rent = StartRent(cancel.Token);
        await Limit.Until(() => Source.Checks >= 2 && Time.ArmedTimers == 1);
        if (closes)
        {
            Pool.Dispose();
            await AssertClosed(rent);
        }
        else
        {
            await cancel.CancelAsync();
            await AssertCanceled(rent);
            Source.Checking = null;
            await Rent();
        }

        Assert.Equal(1, Source.Opened);
    }

    [Fact]
    public async Task One_that_need_not_be_kept_any_more_is_closed_as_any_other()
    {
        MakeKeepingPool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        Source.KeepsItems = false;
        Return(item, RetireReason.Unclean);

        Assert.NotSame(item, await Rent());
        Assert.Equal(RetireReason.Unclean, Assert.Single(Source.Closes).Reason);
    }

    private void MakeKeepingPool(LeasePoolOptions options)
    {
        Source.KeepsItems = true;
        MakePool(options);
    }
}
