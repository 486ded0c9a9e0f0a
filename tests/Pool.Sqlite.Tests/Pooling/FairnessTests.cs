using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class FairnessTests : LeasePoolTest
{
    [Fact]
    public async Task Many_waiters_are_served_in_the_order_of_their_arrival()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        Task<PoolEntry<FakeItem>>[] waiting = [.. Enumerable.Range(0, 200).Select(_ => StartRent())];

        for (int i = 0; i < waiting.Length; i++)
        {
            Assert.Equal(waiting.Length - i, Counts.Waiting);
            Return(item);
            Assert.Same(item, await waiting[i].Limited());
            Assert.DoesNotContain(waiting.Skip(i + 1), later => later.IsCompleted);
        }
    }

    [Fact]
    public async Task Those_who_block_and_those_who_await_stand_in_one_queue()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        List<Task<PoolEntry<FakeItem>>> waiting = [];
        for (int i = 0; i < 10; i++)
        {
            waiting.Add(i % 2 == 0 ? StartRentOnThread() : StartRent());
            await Limit.Until(() => Counts.Waiting == waiting.Count);
        }

        for (int i = 0; i < waiting.Count; i++)
        {
            Return(item);
            await waiting[i].Limited();
            Assert.DoesNotContain(waiting.Skip(i + 1), later => later.IsCompleted);
        }
    }

    [Fact]
    public async Task A_newcomer_never_passes_somebody_who_waits()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        Task<PoolEntry<FakeItem>> waiting = StartRent();

        // The item is free from here on, and the waiter may not have run yet.
        Return(item);
        Task<PoolEntry<FakeItem>> newcomer = StartRent();
        Assert.False(Pool.TryRentFromSlot(out _));

        Assert.Same(item, await waiting.Limited());
        Assert.False(newcomer.IsCompleted);
        Return(item);
        await newcomer.Limited();
    }

    [Fact]
    public async Task A_newcomer_does_not_take_a_hot_item_from_exclusive_work_that_waits()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Return(items[0]);
        Task exclusive = Pool.BeginExclusive(CancellationToken.None);

        Assert.False(Pool.TryRentFromSlot(out _));
        Task<PoolEntry<FakeItem>> newcomer = StartRent();
        Assert.Equal(2, Counts.Waiting);

        Return(items[1]);
        await exclusive.Limited();
        Assert.False(newcomer.IsCompleted);
        Pool.EndExclusive();
        await newcomer.Limited();
    }

    [Fact]
    public async Task One_that_gives_up_leaves_the_others_in_their_order()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();
        using CancellationTokenSource first = new();
        using CancellationTokenSource middle = new();
        using CancellationTokenSource last = new();
        Task<PoolEntry<FakeItem>>[] waiting =
        [
            StartRent(first.Token),
            StartRent(),
            StartRent(middle.Token),
            StartRent(),
            StartRent(last.Token),
        ];

        await middle.CancelAsync();
        await last.CancelAsync();
        await first.CancelAsync();
        Assert.Equal(2, Counts.Waiting);
        await Task.WhenAll(AssertCanceled(waiting[0]), AssertCanceled(waiting[2]), AssertCanceled(waiting[4]));

        Task<PoolEntry<FakeItem>> late = StartRent();
        foreach (Task<PoolEntry<FakeItem>> next in (Task<PoolEntry<FakeItem>>[])[waiting[1], waiting[3], late])
        {
            Assert.False(next.IsCompleted);
            Return(item);
            await next.Limited();
        }
    }

    [Fact]
    public async Task Several_that_come_back_at_once_serve_as_many_waiters()
    {
        MakePool(new LeasePoolOptions { Size = 3 });
        PoolEntry<FakeItem>[] items = await RentMany(3);
        Task<PoolEntry<FakeItem>>[] waiting = [StartRent(), StartRent(), StartRent(), StartRent()];

        Return(items[1]);
        Return(items[0], RetireReason.Retired);
        Return(items[2]);

        Assert.Equal(1, Counts.Waiting);
        Assert.Same(items[1], await waiting[0].Limited());
        Assert.Equal(4, (await waiting[1].Limited()).Number);
        Assert.Same(items[2], await waiting[2].Limited());
        Assert.False(waiting[3].IsCompleted);
        Return(items[1]);
        await waiting[3].Limited();
    }

    /// <summary>
    /// Arrivals come one after the other, so whoever is still in the queue when a newcomer has been served at once came
    /// before it, and was passed over.
    /// </summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public async Task Nobody_is_passed_over_however_returns_and_arrivals_meet(int size, int overflow)
    {
        MakePool(new LeasePoolOptions { Size = size, MaxOverflow = overflow });
        Lock arrivals = new();
        int passedOver = 0;
        int waited = 0;
        PoolEntry<FakeItem>[] held = await RentMany(size + overflow);

        async Task Renter()
        {
            for (int i = 0; i < 3000; i++)
            {
                Task<PoolEntry<FakeItem>> rent;
                lock (arrivals)
                {
                    rent = Pool.RentAsync().AsTask();
                    passedOver += rent.IsCompleted && Counts.Waiting > 0 ? 1 : 0;
                    waited += rent.IsCompleted ? 0 : 1;
                }

                Return(Take(await rent.Limited()));
            }
        }

        Task[] renters = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(Renter))];

        // Each of them might run to its end before the next has begun.
        await Limit.Until(() => Volatile.Read(ref waited) > 0);
        Array.ForEach(held, item => Return(item));
        await Task.WhenAll(renters);

        Assert.Equal(0, passedOver);
        Assert.NotEqual(0, waited);
        AssertCountersAreExact();
    }
}
