using System.Collections.Concurrent;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>
/// A pool of fake items on a fake clock. Whatever a test does, at its end every permit must be home, every opened item
/// closed exactly once, the last one as the last, every counter exact, and no timer left.
/// </summary>
public abstract class LeasePoolTest : IAsyncDisposable
{
    private readonly ConcurrentDictionary<PoolEntry<FakeItem>, bool> _out = new();
    private LeasePool<FakeItem>? _pool;
    private LeasePoolOptions? _options;
    private long _lent;

    private protected FakeTimeProvider Time { get; } = new();

    private protected FakeSource Source { get; } = new();

    private protected LeasePool<FakeItem> Pool => _pool ?? throw new InvalidOperationException("Make a pool first.");

    private protected LeaseCounts Counts => Pool.Count();

    /// <summary>What is out now.</summary>
    private protected IReadOnlyCollection<PoolEntry<FakeItem>> Out => [.. _out.Keys];

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_pool is null || TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            return;
        }

        Source.Opening = null;
        Source.Checking = null;
        Source.Closing = null;
        ReturnAll();
        if (!Pool.IsClosed)
        {
            await AssertPermitsAreHome();
            AssertCountersAreExact();
            Pool.Dispose();
        }

        await AssertDrained();
    }

    private protected void MakePool(LeasePoolOptions options)
    {
        _options = options;
        _pool = new LeasePool<FakeItem>(Source, options, Time);
    }

    private protected Task<PoolEntry<FakeItem>> StartRent(CancellationToken cancellationToken = default) =>
        Track(Pool.RentAsync(cancellationToken).AsTask());

    /// <summary>A synchronous rent on a thread of its own.</summary>
    private protected Task<PoolEntry<FakeItem>> StartRentOnThread(CancellationToken cancellationToken = default) =>
        Track(Limit.OnThread(() => Pool.Rent(cancellationToken)));

    private protected Task<PoolEntry<FakeItem>> Rent() => StartRent().Limited();

    private protected async Task<PoolEntry<FakeItem>[]> RentMany(int count)
    {
        PoolEntry<FakeItem>[] items = new PoolEntry<FakeItem>[count];
        for (int i = 0; i < count; i++)
        {
            items[i] = await Rent();
        }

        return items;
    }

    /// <summary>Notes an item that some other way than <see cref="StartRent"/> has lent.</summary>
    private protected PoolEntry<FakeItem> Take(PoolEntry<FakeItem> item)
    {
        item.Value.Take("a lease");
        Assert.True(_out.TryAdd(item, true), $"Item {item.Number} was lent twice at once.");
        Interlocked.Increment(ref _lent);
        return item;
    }

    private protected void Return(PoolEntry<FakeItem> item, RetireReason reason = RetireReason.None)
    {
        Assert.True(_out.TryRemove(item, out _), $"Item {item.Number} is not out.");
        item.Value.LetGo();
        Pool.Return(item, reason);
    }

    private protected void ReturnAll()
    {
        foreach (PoolEntry<FakeItem> item in Out)
        {
            Return(item);
        }
    }

    /// <summary>
    /// A health check, due after 60 seconds, that goes on when the latch opens. Its items find nothing wrong.
    /// </summary>
    /// <returns>The round, which the housekeeper is in.</returns>
    private protected async Task<Task> StartHealthCheck(Latch latch)
    {
        Pool.Sweep();
        Time.Advance(Seconds(60));
        Source.Checking = (_, _) =>
        {
            latch.Pass();
            return RetireReason.None;
        };
        Task round = Task.Run(Pool.Sweep);
        await latch.Reached;
        return round;
    }

    private protected void AssertPool(int open, int inUse)
    {
        LeaseCounts counts = Counts;
        Assert.Equal((open, inUse), (counts.Open, counts.InUse));
    }

    private protected static async Task<RefusedException> AssertRefused(Task rent, RentRefusal refusal)
    {
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(rent.Limited);
        Assert.Equal(refusal, refused.Refusal);
        return refused;
    }

    private protected static Task<OperationCanceledException> AssertCanceled(Task rent) =>
        Assert.ThrowsAnyAsync<OperationCanceledException>(rent.Limited);

    private protected static Task AssertClosed(Task rent) => Assert.ThrowsAsync<ObjectDisposedException>(rent.Limited);

    private protected static Task AssertFailed(Task rent) => Assert.ThrowsAsync<FakeFailure>(rent.Limited);

    /// <summary>The pool can lend as many as it has permits, at once, and not one more.</summary>
    private protected async Task AssertPermitsAreHome()
    {
        Assert.Equal(0, Counts.Waiting);
        List<PoolEntry<FakeItem>> items = [];
        for (int i = 0; i < _options!.Permits; i++)
        {
            using CancellationTokenSource late = new(Limit.Length);
            items.Add(Take(await Limit.OnThread(() => Pool.Rent(late.Token)).Limited()));
        }

        using CancellationTokenSource enough = new();
        Task<PoolEntry<FakeItem>> oneMore = StartRent(enough.Token);
        Assert.False(oneMore.IsCompletedSuccessfully, "There was one permit more than there should be.");
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(oneMore.Limited);
        items.ForEach(item => Return(item));
    }

    private protected void AssertCountersAreExact(int waiting = 0)
    {
        LeaseCounts counts = Counts;
        Assert.Equal(Interlocked.Read(ref _lent), counts.Rents);
        Assert.InRange(counts.Misses, 0, counts.Rents);
        Assert.Equal(_out.Count, counts.InUse);
        Assert.Equal(Source.Opened - Source.Closes.Count, counts.Open);
        Assert.Equal(Source.Closes.Count, counts.ClosedBy.Sum());
        Assert.All(
            Source.Closes.CountBy(close => close.Reason),
            closed => Assert.Equal(closed.Value, counts.Closed(closed.Key))
        );
        Assert.Equal((0, waiting), (counts.Opening, counts.Waiting));
    }

    /// <summary>The pool is closed, everything is back, and all of it closed.</summary>
    private protected async Task AssertDrained()
    {
        await Pool.Drained.Limited();
        AssertCountersAreExact();
        Assert.Empty(Source.Faults);
        Assert.Equal(Source.Opened, Source.Closes.Count);
        Assert.InRange(Source.MostExisting, 0, _options!.Permits);
        Assert.DoesNotContain(Source.Closes.SkipLast(1), close => close.Last);

        // The timer of an open goes a moment after the rent that it was for.
        await Limit.Until(() => Time.ArmedTimers == 0);
    }

    private protected static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private protected static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private async Task<PoolEntry<FakeItem>> Track(Task<PoolEntry<FakeItem>> rent) => Take(await rent);
}
