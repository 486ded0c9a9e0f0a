using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class TimeoutTests : LeasePoolTest
{
    [Fact]
    public async Task A_timeout_of_zero_fails_at_once_when_nothing_is_free()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = TimeSpan.Zero });
        Take(Pool.Rent());

        Task<PoolEntry<FakeItem>> rent = StartRent();

        Assert.True(rent.IsCompleted);
        RefusedException refused = await AssertRefused(rent, RentRefusal.TimedOutWaiting);
        Assert.Equal(TimeSpan.Zero, refused.Waited);
        Assert.Throws<RefusedException>(() => Pool.Rent());
        Assert.Equal((2, 0), (Counts.Timeouts, Counts.Waiting));
        ReturnAll();
        Take(Pool.Rent());
    }

    [Fact]
    public async Task A_timeout_of_zero_leaves_the_time_to_open_an_item()
    {
        MakePool(new LeasePoolOptions { Size = 2, RentTimeout = TimeSpan.Zero });

        await Rent();

        Take(Pool.Rent());
        Assert.Equal(0, Counts.Timeouts);
    }

    [Fact]
    public async Task A_timeout_of_zero_leaves_the_time_to_warm_up()
    {
        MakePool(new LeasePoolOptions { Size = 2, RentTimeout = TimeSpan.Zero });

        await Pool.WarmUp(CancellationToken.None).Limited();

        AssertPool(open: 2, inUse: 0);
    }

    [Fact]
    public async Task Without_a_timeout_a_rent_waits_for_ever()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Timeout.InfiniteTimeSpan });
        PoolEntry<FakeItem> item = await Rent();
        Task<PoolEntry<FakeItem>> waiting = StartRent();

        Assert.Equal(0, Time.ArmedTimers);
        Time.Advance(TimeSpan.FromDays(10_000));

        Assert.False(waiting.IsCompleted);
        Return(item);
        await waiting.Limited();
    }

    [Fact]
    public async Task A_timeout_is_kept_to_the_millisecond()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Milliseconds(250.5) });
        await Rent();
        Time.Advance(Milliseconds(0.7));
        Task<PoolEntry<FakeItem>> waiting = StartRent();

        Time.Advance(Milliseconds(250.4));
        Assert.Equal(1, Counts.Waiting);
        Time.Advance(Milliseconds(0.6));
        Assert.Equal(0, Counts.Waiting);

        RefusedException refused = await AssertRefused(waiting, RentRefusal.TimedOutWaiting);
        Assert.InRange(refused.Waited, Milliseconds(250.5), Milliseconds(251));
        Assert.Equal(1, Counts.Timeouts);
    }

    [Fact]
    public async Task One_who_blocks_times_out_as_well()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(3) });
        await Rent();
        Task<PoolEntry<FakeItem>> waiting = StartRentOnThread();
        await Limit.Until(() => Counts.Waiting == 1);

        Time.Advance(Seconds(3));

        await AssertRefused(waiting, RentRefusal.TimedOutWaiting);
    }

    [Fact]
    public async Task One_timer_serves_all_and_each_keeps_its_own_deadline()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(10) });
        Take(Pool.Rent());
        List<Task<PoolEntry<FakeItem>>> waiting = [];
        for (int i = 0; i < 100; i++)
        {
            waiting.Add(StartRent());
            Time.Advance(Milliseconds(7));
        }

        Assert.Equal(1, Time.CreatedTimers);
        Time.Advance(Seconds(10) - Milliseconds(700) - Milliseconds(1));
        for (int i = 0; i < waiting.Count; i++)
        {
            Assert.Equal(waiting.Count - i, Counts.Waiting);
            Time.Advance(Milliseconds(1));
            Assert.Equal(waiting.Count - i - 1, Counts.Waiting);
            RefusedException refused = await AssertRefused(waiting[i], RentRefusal.TimedOutWaiting);
            Assert.True(refused.Waited >= Seconds(10));
            Time.Advance(Milliseconds(6));
        }

        Assert.Equal((1, 0), (Time.CreatedTimers, Time.ArmedTimers));
    }

    [Fact]
    public async Task One_that_was_served_meanwhile_does_not_disturb_the_deadline_of_the_next()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(10) });
        PoolEntry<FakeItem> item = await Rent();
        Task<PoolEntry<FakeItem>> served = StartRent();
        Time.Advance(Seconds(4));
        Task<PoolEntry<FakeItem>> next = StartRent();
        Return(item);
        await served.Limited();

        Time.Advance(Seconds(9.999));
        Assert.Equal(1, Counts.Waiting);
        Time.Advance(Seconds(0.001));
        await AssertRefused(next, RentRefusal.TimedOutWaiting);
    }

    [Fact]
    public async Task The_queue_keeps_deadlines_after_it_was_empty()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(10) });
        await Rent();
        for (int round = 0; round < 3; round++)
        {
            Task<PoolEntry<FakeItem>> waiting = StartRent();
            Time.Advance(Seconds(9.999));
            Assert.Equal(1, Counts.Waiting);
            Time.Advance(Seconds(0.001));
            await AssertRefused(waiting, RentRefusal.TimedOutWaiting);
        }
    }

    [Fact]
    public async Task One_deadline_covers_the_wait_and_the_open_together()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(5) });
        PoolEntry<FakeItem> item = Take(Pool.Rent());
        Task<PoolEntry<FakeItem>> rent = StartRent();
        Time.Advance(Seconds(3));
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        Return(item, RetireReason.Retired);
        await latch.Reached;

        // Its timer is set once the open has been started, by the thread that runs the rest of the rent.
        await Limit.Until(() => Time.ArmedTimers == 2);
        Time.Advance(Seconds(1.999));
        Assert.Equal(0, Counts.Timeouts);
        Time.Advance(Seconds(0.001));

        RefusedException refused = await AssertRefused(rent, RentRefusal.TimedOutOpening);
        Assert.Equal(Seconds(5), refused.Waited);
        latch.Open();
        await Limit.Until(() => Counts.Open == 1);
    }

    [Fact]
    public async Task How_long_rents_waited_is_recorded()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(5) });
        PoolEntry<FakeItem> item = await Rent();
        Task<PoolEntry<FakeItem>> served = StartRent();
        Time.Advance(Seconds(2));
        Return(item);
        await served.Limited();
        Task<PoolEntry<FakeItem>> refused = StartRent();
        Time.Advance(Seconds(5));
        await AssertRefused(refused, RentRefusal.TimedOutWaiting);

        DurationSummary waits = Pool.WaitTimes.Summarize();
        Assert.Equal((2, Seconds(7), Seconds(5)), (waits.Count, waits.Total, waits.Max));
    }

    [Fact]
    public async Task More_than_the_allowed_number_of_waiters_are_refused_at_once()
    {
        MakePool(new LeasePoolOptions { Size = 1, MaxWaiters = 2 });
        PoolEntry<FakeItem> item = await Rent();
        using CancellationTokenSource cancel = new();
        Task<PoolEntry<FakeItem>> first = StartRent();
        Task<PoolEntry<FakeItem>> second = StartRent(cancel.Token);

        Task<PoolEntry<FakeItem>> third = StartRent();
        Assert.True(third.IsCompleted);
        await AssertRefused(third, RentRefusal.TooManyWaiters);
        Assert.Equal((1, 2), (Counts.Timeouts, Counts.Waiting));

        await cancel.CancelAsync();
        await AssertCanceled(second);
        Task<PoolEntry<FakeItem>> fourth = StartRent();
        Return(item);
        await first.Limited();
        Return(item);
        await fourth.Limited();
    }

    [Fact]
    public async Task With_room_for_no_waiters_what_is_free_is_lent_all_the_same()
    {
        MakePool(new LeasePoolOptions { Size = 2, MaxWaiters = 0 });
        await RentMany(2);

        await AssertRefused(StartRent(), RentRefusal.TooManyWaiters);

        ReturnAll();
        await RentMany(2);
    }

    [Fact]
    public async Task Exclusive_work_may_wait_where_no_rent_may()
    {
        MakePool(new LeasePoolOptions { Size = 2, MaxWaiters = 0 });
        PoolEntry<FakeItem> item = await Rent();
        Task exclusive = Pool.BeginExclusive(CancellationToken.None);
        await AssertRefused(StartRent(), RentRefusal.TooManyWaiters);

        Return(item);
        await exclusive.Limited();

        Pool.EndExclusive();
    }
}
