using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class CancellationTests : LeasePoolTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_is_already_cancelled_takes_nothing_and_is_counted(bool anItemIsHot)
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        if (anItemIsHot)
        {
            await Rent();
            ReturnAll();
        }

        int triesBefore = Source.Tries;
        CancellationToken cancelled = new(canceled: true);
        Task<PoolEntry<FakeItem>> rent = StartRent(cancelled);
        Assert.True(rent.IsCompleted);
        await AssertCanceled(rent);
        Assert.ThrowsAny<OperationCanceledException>(() => Pool.Rent(cancelled));
        await AssertCanceled(Pool.BeginExclusive(cancelled));

        Assert.Equal((3, triesBefore, 0), (Counts.Cancellations, Source.Tries, Counts.InUse));
    }

    [Fact]
    public async Task One_who_waits_is_answered_promptly_and_with_its_token()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(30) });
        await Rent();
        using CancellationTokenSource cancel = new();
        Task<PoolEntry<FakeItem>> awaiting = StartRent(cancel.Token);
        Task<PoolEntry<FakeItem>> blocking = StartRentOnThread(cancel.Token);
        await Limit.Until(() => Counts.Waiting == 2);

        await cancel.CancelAsync();

        Assert.Equal(cancel.Token, (await AssertCanceled(awaiting)).CancellationToken);
        Assert.Equal(cancel.Token, (await AssertCanceled(blocking)).CancellationToken);
        Assert.Equal((2, 0, 0), (Counts.Cancellations, Counts.Timeouts, Counts.Waiting));
    }

    [Fact]
    public async Task Cancelling_after_the_rent_changes_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        using CancellationTokenSource cancel = new();
        PoolEntry<FakeItem> item = await StartRent(cancel.Token).Limited();

        await cancel.CancelAsync();
        AssertPool(open: 1, inUse: 1);
        Return(item);

        Assert.Same(item, await Rent());
        Assert.Equal(0, Counts.Cancellations);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_permit_is_lost_when_cancellation_meets_the_hand_off(bool blocking)
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        int served = 0;
        int rounds = blocking ? 500 : 2000;
        PoolEntry<FakeItem> item = await Rent();
        for (int i = 0; i < rounds; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<PoolEntry<FakeItem>> waiting = blocking ? StartRentOnThread(cancel.Token) : StartRent(cancel.Token);
            if (blocking)
            {
                await Limit.Until(() => Counts.Waiting == 1);
            }

            await Race(cancel.Cancel, () => Return(item), i);
            served += await Outcome(waiting) ? 1 : 0;
            ReturnAll();
            item = await Rent();
        }

        Assert.Equal(rounds - served, Counts.Cancellations);
        Assert.Equal(1, Source.Opened);
        AssertCountersAreExact();
    }

    [Fact]
    public async Task No_permit_is_lost_when_a_timeout_meets_the_hand_off()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(1) });
        int served = 0;
        PoolEntry<FakeItem> item = await Rent();
        for (int i = 0; i < 2000; i++)
        {
            Task<PoolEntry<FakeItem>> waiting = StartRent();
            await Race(() => Time.Advance(Seconds(1)), () => Return(item), i);
            served += await Outcome(waiting) ? 1 : 0;
            ReturnAll();
            item = await Rent();
        }

        Assert.Equal(2000 - served, Counts.Timeouts);
        Assert.Equal(1, Source.Opened);
        AssertCountersAreExact();
    }

    [Fact]
    public async Task The_next_in_the_queue_is_served_when_the_first_is_cancelled_during_the_hand_off()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        for (int i = 0; i < 2000; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<PoolEntry<FakeItem>> first = StartRent(cancel.Token);
            Task<PoolEntry<FakeItem>> second = StartRent();
            await Race(cancel.Cancel, () => Return(item), i);
            if (await Outcome(first))
            {
                Assert.False(second.IsCompleted);
                Return(item);
            }

            Assert.Same(item, await second.Limited());
        }
    }

    /// <summary>Lets two things happen at once, with one or the other a little ahead.</summary>
    private static async Task Race(Action one, Action other, int round)
    {
        using Barrier start = new(2);
        Task first = Task.Run(() =>
        {
            start.SignalAndWait();
            Thread.SpinWait(round % 7 * 10);
            one();
        });
        start.SignalAndWait();
        Thread.SpinWait(round % 11 * 10);
        other();
        await first.Limited();
    }

    private static async Task<bool> Outcome(Task rent)
    {
        try
        {
            await rent.Limited();
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or RefusedException)
        {
            return false;
        }
    }
}
