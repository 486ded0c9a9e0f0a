using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class RentWithoutWaitingTests : LeasePoolTest
{
    [Fact]
    public async Task It_takes_what_is_idle_and_opens_where_there_is_room()
    {
        MakePool(new LeasePoolOptions { Size = 1, MaxOverflow = 1 });
        PoolEntry<FakeItem> first = await Rent();
        Return(first);

        Assert.Same(first, await TryRent(async: true));
        Assert.Equal(2, (await TryRent(async: false))?.Number);
        Assert.Equal((3, 2), (Counts.Rents, Counts.Misses));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_gets_nothing_when_everything_is_out(bool async)
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = await Rent();

        Assert.Null(await TryRent(async));

        Assert.Equal((0, 0, 0), (Counts.Waiting, Counts.Timeouts, Counts.Cancellations));
        Return(item);
        Assert.Same(item, await TryRent(async));
    }

    [Fact]
    public async Task It_gets_nothing_while_somebody_waits()
    {
        MakePool(new LeasePoolOptions { Size = 2 });
        PoolEntry<FakeItem>[] items = await RentMany(2);
        Task exclusive = Pool.BeginExclusive(CancellationToken.None);
        Return(items[0]);

        Assert.Null(await TryRent(async: true));

        Return(items[1]);
        await exclusive.Limited();
        Assert.Null(await TryRent(async: true));
        Pool.EndExclusive();
        Assert.NotNull(await TryRent(async: true));
    }

    [Fact]
    public async Task Cancelling_and_timeouts_are_kept_while_it_opens()
    {
        MakePool(new LeasePoolOptions { Size = 2, RentTimeout = Seconds(5) });
        Latch latch = new();
        Source.Opening = _ => latch.Pass();
        using CancellationTokenSource cancel = new();
        Task cancelled = Pool.RentWithoutWaiting(async: true, cancel.Token).AsTask();
        Task late = Pool.RentWithoutWaiting(async: true, CancellationToken.None).AsTask();
        await latch.Reached;

        await cancel.CancelAsync();
        await AssertCanceled(cancelled);
        Time.Advance(Seconds(5));
        await AssertRefused(late, RentRefusal.TimedOutOpening);
        await AssertCanceled(Pool.RentWithoutWaiting(async: true, cancel.Token).AsTask());

        Assert.Equal((2, 1), (Counts.Cancellations, Counts.Timeouts));
        latch.Open();
        await Limit.Until(() => Counts.Opening == 0);
    }

    private async Task<PoolEntry<FakeItem>?> TryRent(bool async) =>
        await Pool.RentWithoutWaiting(async, CancellationToken.None).AsTask().Limited() is { } item ? Take(item) : null;
}
