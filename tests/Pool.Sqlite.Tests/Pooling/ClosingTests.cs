using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class ClosingTests : LeasePoolTest
{
    [Fact]
    public async Task Everybody_who_waits_fails_at_once()
    {
        MakePool(new LeasePoolOptions { Size = 1, RentTimeout = Seconds(30) });
        Take(Pool.Rent());
        Task[] waiting = [StartRent(), StartRentOnThread(), StartRent(), Pool.BeginExclusive(CancellationToken.None)];
        await Limit.Until(() => Counts.Waiting == 4);

        Pool.Dispose();

        Assert.Equal(0, Counts.Waiting);
        await Task.WhenAll(waiting.Select(AssertClosed));
        Assert.Equal((0, 0), (Counts.Timeouts, Counts.Cancellations));
        Assert.Equal(0, Time.ArmedTimers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_comes_later_fails_at_once(bool withoutTimeout)
    {
        MakePool(new LeasePoolOptions { Size = 2, RentTimeout = withoutTimeout ? TimeSpan.Zero : Seconds(30) });
        PoolEntry<FakeItem>[] items = [Take(Pool.Rent()), Take(Pool.Rent())];
        Return(items[0]);

        Pool.Dispose();

        Assert.True(Pool.IsClosed);
        Assert.False(Pool.TryRentFromSlot(out _));
        Task<PoolEntry<FakeItem>> late = StartRent();
        Assert.True(late.IsCompleted);
        await AssertClosed(late);
        Assert.Throws<ObjectDisposedException>(() => Pool.Rent());
        Assert.Equal(0, Counts.Timeouts);
    }

    [Fact]
    public async Task What_is_idle_closes_now_and_what_is_out_on_its_return_and_the_last_one_knows()
    {
        MakePool(new LeasePoolOptions { Size = 5 });
        PoolEntry<FakeItem>[] items = await RentMany(5);
        Array.ForEach(items[..3], item => Return(item));

        Pool.Dispose();
        AssertPool(open: 2, inUse: 2);
        Assert.Equal(3, Counts.Closed(RetireReason.Closing));

        Return(items[3]);
        Assert.False(Pool.Drained.IsCompleted);
        Return(items[4], RetireReason.Unclean);

        await AssertDrained();
        Assert.Equal(items[4].Value, Source.Closes[^1].Item);
        Assert.Equal((RetireReason.Unclean, true), (Source.Closes[^1].Reason, Source.Closes[^1].Last));
    }

    [Fact]
    public async Task Of_those_that_are_all_idle_the_last_one_knows()
    {
        MakePool(new LeasePoolOptions { Size = 8 });
        await RentMany(8);
        ReturnAll();

        Pool.Dispose();

        Assert.True(Pool.Drained.IsCompleted);
        await AssertDrained();
        Assert.True(Source.Closes[^1].Last);
    }

    [Fact]
    public async Task An_unused_pool_is_drained_at_once()
    {
        MakePool(new LeasePoolOptions { Size = 1 });

        Pool.Dispose();

        await AssertDrained();
        Assert.Empty(Source.Closes);
    }

    [Fact]
    public async Task Closing_again_changes_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem> item = await Rent();

        Pool.Dispose();
        Pool.Dispose();
        Return(item);
        Pool.Dispose();

        await AssertDrained();
        Assert.True(Assert.Single(Source.Closes).Last);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_being_opened_closes_when_it_is_open_and_its_rent_fails(bool blocking)
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        await Rent();
        ReturnAll();
        PoolEntry<FakeItem> other = await Rent();
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        Task<PoolEntry<FakeItem>> opening = blocking ? StartRentOnThread() : StartRent();
        await latch.Reached;

        Pool.Dispose();
        Return(other);
        Assert.False(Pool.Drained.IsCompleted);
        latch.Open();

        await AssertClosed(opening);
        await AssertDrained();
        Assert.Equal([false, true], Source.Closes.Select(close => close.Last));
        Assert.Equal((2, 1), (Counts.Rents, Counts.Misses));
    }

    [Fact]
    public async Task The_last_one_knows_though_an_open_that_was_under_way_comes_to_nothing()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem> item = await Rent();
        Latch latch = new();
        Source.Opening = _ =>
        {
            latch.Pass();
            throw new FakeFailure(transient: false);
        };
        Task<PoolEntry<FakeItem>> opening = StartRent();
        await latch.Reached;

        Pool.Dispose();
        Return(item);
        latch.Open();

        await Assert.ThrowsAsync<FakeFailure>(() => opening.Limited());
        await AssertDrained();
        Assert.True(Assert.Single(Source.Closes).Last);
    }

    [Fact]
    public async Task A_try_that_would_be_repeated_is_not_after_closing()
    {
        MakePool(new LeasePoolOptions { Size = 1, CreateRetries = 5 });
        Source.Opening = _ => throw new FakeFailure(transient: true);
        Task<PoolEntry<FakeItem>> rent = StartRent();
        await Limit.Until(() => Time.ArmedTimers == 1);

        Pool.Dispose();
        Time.Advance(Seconds(1));

        await AssertClosed(rent);
        Assert.Equal((1, 1), (Source.Tries, Counts.OpenFailures));
    }

    [Fact]
    public async Task Closing_from_inside_a_check_or_a_close_does_not_hang()
    {
        Source.ChecksEveryRent = true;
        MakePool(new LeasePoolOptions { Size = 3 });
        PoolEntry<FakeItem>[] items = await RentMany(3);
        Return(items[0]);
        Source.Closing = _ => Pool.Dispose();
        Source.Checking = (_, _) =>
        {
            Pool.Dispose();
            return RetireReason.None;
        };

        // This rent was under way already when the pool was closed: it may end well.
        Assert.Same(items[0], await Rent());
        Assert.True(Pool.IsClosed);
        await AssertClosed(StartRent());
        ReturnAll();

        await AssertDrained();
        Assert.True(Source.Closes[^1].Last);
    }

    [Fact]
    public async Task Closing_from_inside_an_open_closes_what_is_opened()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        Source.Opening = _ => Pool.Dispose();

        await AssertClosed(StartRent());

        await AssertDrained();
        Assert.True(Assert.Single(Source.Closes).Last);
    }

    [Fact]
    public async Task The_last_one_is_closed_alone()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        PoolEntry<FakeItem>[] items = await RentMany(3);
        Latch latch = new();
        Source.Closing = item =>
        {
            if (item.Number == 1)
            {
                latch.Pass();
            }
        };
        Pool.Dispose();
        Task first = Limit.OnThread(() => Return(items[0]));
        await latch.Reached;

        // Whoever returns does not wait for another's close: that one closes theirs as well.
        Return(items[1]);
        Return(items[2]);
        Assert.Empty(Source.Closes);
        Assert.False(Pool.Drained.IsCompleted);
        latch.Open();
        await first.Limited();

        await AssertDrained();
        Assert.Equal([1, 2, 3], Source.Closes.Select(close => close.Item.Number));
        Assert.True(Source.Closes[^1].Last);
    }

    [Fact]
    public async Task One_that_was_being_closed_already_is_waited_for_before_the_last()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[1]);
        Latch latch = new();
        Source.Closing = item =>
        {
            if (item.Number == 1)
            {
                latch.Pass();
            }
        };
        Task retiring = Limit.OnThread(() => Return(items[0], RetireReason.Retired));
        await latch.Reached;

        Pool.Dispose();
        Assert.False(Pool.Drained.IsCompleted);
        latch.Open();
        await retiring.Limited();

        await AssertDrained();
        Assert.Equal([(1, false), (2, true)], Source.Closes.Select(close => (close.Item.Number, close.Last)));
    }

    [Fact]
    public async Task Nothing_is_left_open_however_closing_meets_rents_returns_and_opens()
    {
        for (int round = 0; round < 1500; round++)
        {
            await using ClosingRound pool = new(round);
            await pool.Run();
        }
    }

    /// <summary>A pool of its own, closed from two threads while others rent, cancel and return.</summary>
    private sealed class ClosingRound(int seed) : LeasePoolTest
    {
        public async Task Run()
        {
            MakePool(
                new LeasePoolOptions
                {
                    Size = 2,
                    MaxOverflow = seed % 2,
                    MinIdle = 1,
                    RentTimeout = Seconds(10),
                }
            );
            IEnumerable<Task> renters = Enumerable
                .Range(0, 4)
                .Select(i => Task.Run(() => RentUntilClosed(new Random(seed + i))));
            IEnumerable<Task> closers = Enumerable.Range(0, 2).Select(i => Task.Run(() => Close(seed * (i + 3) % 50)));
            await Task.WhenAll([.. renters, .. closers]).Limited();
            await AssertDrained();
            Assert.Equal(0, Counts.Timeouts);
        }

        private async Task RentUntilClosed(Random random)
        {
            for (; ; )
            {
                using CancellationTokenSource cancel = new();
                try
                {
                    Task<PoolEntry<FakeItem>> rent = Pool.RentAsync(cancel.Token).AsTask();
                    if (random.Next(4) == 0)
                    {
                        await cancel.CancelAsync();
                    }

                    PoolEntry<FakeItem> item = Take(await rent.Limited());
                    Return(item, random.Next(5) == 0 ? RetireReason.Retired : RetireReason.None);
                    if (random.Next(10) == 0)
                    {
                        Pool.Sweep();
                    }
                }
                catch (OperationCanceledException) { }
                catch (ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private void Close(int delay)
        {
            Thread.SpinWait(delay * 100);
            Pool.Dispose();
        }
    }
}
