using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>
/// Pools of fake items that share a budget. At the end of each test nothing is open, and every place free.
/// </summary>
public sealed class OpenBudgetTests : IAsyncDisposable
{
    private static readonly LeasePoolOptions Options = new() { Size = 4, RentTimeout = TimeSpan.FromSeconds(30) };
    private readonly FakeTimeProvider _time = new();
    private readonly FakeSource _source = new();
    private readonly List<LeasePool<FakeItem>> _pools = [];
    private OpenBudget<FakeItem>? _budget;

    private OpenBudget<FakeItem> Budget => _budget!;

    public async ValueTask DisposeAsync()
    {
        _pools.ForEach(pool => pool.Dispose());
        foreach (LeasePool<FakeItem> pool in _pools)
        {
            await pool.Drained.Limited();
        }

        Assert.Empty(_source.Faults);
        Assert.Equal(_source.Opened, _source.Closes.Count);
        Assert.InRange(_source.MostExisting, 0, Budget.Size);
        await Limit.Until(() => Budget is { Taken: 0, Waiting: 0 });
        Assert.InRange(Budget.Peak, 0, Budget.Size);
    }

    [Fact]
    public async Task Pools_have_together_no_more_open_than_the_budget_allows()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 3);
        PoolEntry<FakeItem> a = await Rent(pools[0]);
        PoolEntry<FakeItem> b = await Rent(pools[0]);
        PoolEntry<FakeItem> c = await Rent(pools[1]);

        Task<PoolEntry<FakeItem>> waiting = pools[1].RentAsync().AsTask();
        await Limit.Until(() => Budget.Waiting == 1);
        Assert.Equal((3, 1), (Budget.Taken, pools[1].Count().Waiting));

        Return(a);
        Return(await Take(waiting));
        Assert.Equal(RetireReason.Budget, Assert.Single(_source.Closes).Reason);
        Return(b);
        Return(c);
    }

    [Fact]
    public async Task The_least_recently_used_idle_item_of_any_pool_makes_room()
    {
        LeasePool<FakeItem>[] pools = MakePools(4, budget: 3);
        PoolEntry<FakeItem>[] items = [await Rent(pools[0]), await Rent(pools[1]), await Rent(pools[2])];
        Array.ForEach(items, Return);

        // Used again: now the second was used least recently.
        Return(await Rent(pools[0]));
        Return(await Rent(pools[3]));

        Assert.Equal(items[1].Value, Assert.Single(_source.Closes).Item);
        Return(await Rent(pools[1]));
        Assert.Equal(items[2].Value, _source.Closes[1].Item);

        // It is counted after its place has been given away.
        await Limit.Until(() => Budget.Evictions == 2);
    }

    [Fact]
    public async Task Rents_are_served_in_the_order_in_which_they_came_whatever_their_pool()
    {
        LeasePool<FakeItem>[] pools = MakePools(3, budget: 1);
        PoolEntry<FakeItem> item = await Rent(pools[0]);
        List<Task<PoolEntry<FakeItem>>> rents = [];
        int[] order = [1, 2, 0, 1];
        foreach (int pool in order)
        {
            rents.Add(pools[pool].RentAsync().AsTask());
            await Limit.Until(() => Budget.Waiting == rents.Count);
        }

        for (int i = 0; i < order.Length; i++)
        {
            Return(item);
            item = await Take(rents[i]);
            Assert.Same(pools[order[i]], item.Pool);
            Assert.All(rents[(i + 1)..], rent => Assert.False(rent.IsCompleted));
        }

        Return(item);
    }

    [Fact]
    public async Task A_rent_of_the_same_pool_gets_what_comes_back_as_it_is()
    {
        LeasePool<FakeItem> pool = MakePools(1, budget: 1)[0];
        PoolEntry<FakeItem> item = await Rent(pool);
        Task<PoolEntry<FakeItem>> waiting = pool.RentAsync().AsTask();
        await Limit.Until(() => Budget.Waiting == 1);

        Return(item);

        Assert.Same(item, await Take(waiting));
        Assert.Empty(_source.Closes);
        Return(item);
        Assert.Equal((2, 1), (pool.Count().Rents, pool.Count().Misses));
    }

    [Fact]
    public async Task A_pool_that_is_always_busy_does_not_keep_its_items_from_another()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 4);
        List<PoolEntry<FakeItem>> busy =
        [
            await Rent(pools[0]),
            await Rent(pools[0]),
            await Rent(pools[0]),
            await Rent(pools[0]),
        ];
        for (int round = 0; round < 500; round++)
        {
            Task<PoolEntry<FakeItem>> other = pools[1].RentAsync().AsTask();
            Task<PoolEntry<FakeItem>> own = pools[0].RentAsync().AsTask();
            Assert.Equal((1, 1), (Budget.Waiting, pools[0].Count().Waiting));

            // Another thread may be looking for what is idle, in vain.
            Thread.SpinWait(round % 50 * 10);
            Return(busy[0]);
            PoolEntry<FakeItem> served = await Take(other);
            Assert.False(own.IsCompleted);
            Return(served);
            busy[0] = await Take(own);
        }

        busy.ForEach(Return);
    }

    [Fact]
    public async Task A_rent_waits_as_long_as_its_timeout_says()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 1);
        PoolEntry<FakeItem> item = await Rent(pools[0]);
        Task<PoolEntry<FakeItem>> waiting = pools[1].RentAsync().AsTask();
        await Limit.Until(() => Budget.Waiting == 1);

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => waiting.Limited());
        Assert.Equal(RentRefusal.BudgetUsedUp, refused.Refusal);
        Assert.Equal((1, 1), (pools[1].Count().Timeouts, Budget.Timeouts));
        Return(item);
        await AssertPermitsAreHome(pools);
    }

    [Fact]
    public async Task A_timeout_of_zero_closes_what_is_idle_but_waits_for_no_lease()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 1);
        PoolEntry<FakeItem> item = await Rent(pools[0]);
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() =>
            pools[1].Rent(async: true, TimeSpan.Zero, CancellationToken.None).Limited()
        );
        Assert.Equal(RentRefusal.BudgetUsedUp, refused.Refusal);
        Assert.Throws<RefusedException>(() =>
            Blocking.Result(pools[1].Rent(async: false, TimeSpan.Zero, CancellationToken.None))
        );

        Return(item);

        Return(await Take(pools[1].Rent(async: true, TimeSpan.Zero, CancellationToken.None).AsTask()));
        Return(await Take(pools[0].Rent(async: false, TimeSpan.Zero, CancellationToken.None).AsTask()));
        await AssertPermitsAreHome(pools);
    }

    [Fact]
    public async Task A_rent_that_is_cancelled_or_whose_pool_is_closed_leaves_no_trace()
    {
        LeasePool<FakeItem>[] pools = MakePools(3, budget: 1);
        PoolEntry<FakeItem> item = await Rent(pools[0]);
        using CancellationTokenSource cancellation = new();
        Task<PoolEntry<FakeItem>> cancelled = pools[1].RentAsync(cancellation.Token).AsTask();
        Task<PoolEntry<FakeItem>> closed = pools[2].RentAsync().AsTask();
        await Limit.Until(() => Budget.Waiting == 2);

        await cancellation.CancelAsync();
        pools[2].Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => closed.Limited());
        Assert.Equal((0, 1), (Budget.Waiting, Budget.Taken));
        Return(item);
        await AssertPermitsAreHome(pools[..2]);
    }

    [Fact]
    public async Task An_open_that_fails_gives_its_place_to_the_next()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 1);
        Latch latch = new();
        _source.Opening = number =>
        {
            if (number == 1)
            {
                latch.Pass();
                throw new FakeFailure(transient: false);
            }
        };
        Task<PoolEntry<FakeItem>> failing = pools[0].RentAsync().AsTask();
        await latch.Reached;
        Task<PoolEntry<FakeItem>> next = pools[1].RentAsync().AsTask();
        await Limit.Until(() => Budget.Waiting == 1);

        latch.Open();

        await Assert.ThrowsAsync<FakeFailure>(() => failing.Limited());
        Return(await Take(next));
        await AssertPermitsAreHome(pools);
    }

    [Fact]
    public async Task Warming_up_takes_free_places_only()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 3);
        PoolEntry<FakeItem> first = await Rent(pools[0]);
        Return(first);

        await pools[1].WarmUp(CancellationToken.None).Limited();

        Assert.Equal((1, 2), (pools[0].Count().Open, pools[1].Count().Open));
        await AssertPermitsAreHome(pools);
    }

    [Fact]
    public async Task An_item_that_comes_back_while_another_is_looked_for_is_found()
    {
        LeasePool<FakeItem>[] pools = MakePools(2, budget: 2);
        for (int round = 0; round < 300; round++)
        {
            PoolEntry<FakeItem> a = await Rent(pools[0]);
            PoolEntry<FakeItem> b = await Rent(pools[0]);
            Task<PoolEntry<FakeItem>>[] rents = [pools[1].RentAsync().AsTask(), pools[1].RentAsync().AsTask()];
            Task back = Task.Run(() => Return(a));
            Return(b);
            await back;
            PoolEntry<FakeItem>[] served = [await Take(rents[0]), await Take(rents[1])];
            Array.ForEach(served, Return);
        }
    }

    [Fact]
    public async Task Many_pools_and_many_rents_keep_to_the_budget_and_lose_no_place()
    {
        LeasePool<FakeItem>[] pools = MakePools(40, budget: 7);
        int served = 0;
        await Task.WhenAll(
                Enumerable
                    .Range(0, 16)
                    .Select(worker =>
                        Task.Run(async () =>
                        {
                            Random random = new(worker);
                            for (int i = 0; i < 400; i++)
                            {
                                LeasePool<FakeItem> pool = pools[random.Next(4) == 0 ? 0 : random.Next(pools.Length)];
                                using CancellationTokenSource cancellation = new();
                                Task<PoolEntry<FakeItem>> rent =
                                    random.Next(8) == 0
                                        ? Task.Run(() => pool.Rent(cancellation.Token))
                                        : pool.RentAsync(cancellation.Token).AsTask();
                                if (random.Next(5) == 0)
                                {
                                    await cancellation.CancelAsync();
                                }

                                try
                                {
                                    PoolEntry<FakeItem> item = await Take(rent);
                                    Interlocked.Increment(ref served);
                                    await Task.Yield();
                                    item.Value.LetGo();
                                    pool.Return(item, random.Next(10) == 0 ? RetireReason.Retired : RetireReason.None);
                                }
                                catch (OperationCanceledException) { }

                                if (random.Next(50) == 0)
                                {
                                    pool.Clear();
                                    pool.Sweep();
                                }
                            }
                        })
                    )
            )
            .WaitAsync(TimeSpan.FromMinutes(5));

        Assert.True(served > 0);
        Assert.Equal(0, Budget.Waiting);

        // A rent that was cancelled can leave an item that is still being opened, or closed, which has its place.
        await Limit.Until(() => _source.Opened - _source.Closes.Count == Budget.Taken);
        await AssertPermitsAreHome(pools[..3]);
    }

    private LeasePool<FakeItem>[] MakePools(int count, int budget)
    {
        _budget = new OpenBudget<FakeItem>(budget, _time);
        for (int i = 0; i < count; i++)
        {
            _pools.Add(new LeasePool<FakeItem>(_source, Options, _time, budget: _budget));
        }

        return [.. _pools];
    }

    private static Task<PoolEntry<FakeItem>> Rent(LeasePool<FakeItem> pool) => Take(pool.RentAsync().AsTask());

    private static async Task<PoolEntry<FakeItem>> Take(Task<PoolEntry<FakeItem>> rent)
    {
        PoolEntry<FakeItem> item = await rent.Limited();
        item.Value.Take("a lease");
        return item;
    }

    private static void Return(PoolEntry<FakeItem> item)
    {
        item.Value.LetGo();
        item.Pool.Return(item);
    }

    /// <summary>Each pool can lend as many as it has permits and the budget places.</summary>
    private async Task AssertPermitsAreHome(LeasePool<FakeItem>[] pools)
    {
        foreach (LeasePool<FakeItem> pool in pools)
        {
            List<PoolEntry<FakeItem>> items = [];
            for (int i = 0; i < Math.Min(Options.Permits, Budget.Size); i++)
            {
                items.Add(await Rent(pool));
            }

            items.ForEach(Return);
        }
    }
}
