using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class WaiterQueueTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly long _start;

    public WaiterQueueTests() => _start = _time.GetTimestamp();

    [Fact]
    public void Grants_go_to_the_first_in_the_queue()
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string>[] waiters = [queue.TryEnqueue()!, queue.TryEnqueue()!, queue.TryEnqueue()!];

        Assert.True(queue.TryGrant("one"));
        Assert.True(queue.TryGrant(null));
        Assert.True(queue.TryGrant("three"));
        Assert.False(queue.TryGrant("four"));

        Assert.All(waiters, waiter => Assert.Equal((WaitOutcome.Granted, 1), (Outcome(waiter), waiter.Permits)));
        Assert.Equal(["one", null, "three"], waiters.Select(waiter => waiter.Item));
    }

    [Fact]
    public void Demand_is_visible_for_as_long_as_somebody_waits()
    {
        using WaiterQueue<string> queue = Make();
        Assert.Equal(0, queue.WaiterSignal);
        Waiter<string> first = queue.TryEnqueue()!;
        Waiter<string> second = queue.TryEnqueue()!;
        Assert.Equal((2, 2), (queue.WaiterSignal, queue.Count));

        queue.Withdraw(first, WaitOutcome.Canceled);
        queue.TryGrant(null);

        Assert.Equal((0, 0), (queue.WaiterSignal, queue.Count));
        Assert.True(second.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void One_who_needs_several_permits_holds_the_queue_until_it_has_them()
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string> several = queue.TryEnqueue(Timeout.InfiniteTimeSpan, 3)!;
        Waiter<string> one = queue.TryEnqueue()!;

        queue.TryGrant("a");
        queue.TryGrant(null);
        Assert.False(several.Task.IsCompleted);
        Assert.Equal(2, queue.Count);
        queue.TryGrant("b");

        Assert.Equal((WaitOutcome.Granted, 3), (Outcome(several), several.Permits));
        Assert.Equal(("a", "b"), (several.Item, Assert.Single(several.FurtherItems!)));
        Assert.False(one.Task.IsCompleted);
        queue.TryGrant("c");
        Assert.Equal("c", one.Item);
    }

    [Fact]
    public void One_who_withdraws_keeps_what_it_has_been_granted_and_gets_no_more()
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string> several = queue.TryEnqueue(Timeout.InfiniteTimeSpan, 3)!;
        queue.TryGrant("a");

        queue.Withdraw(several, WaitOutcome.Canceled);

        Assert.Equal((WaitOutcome.Canceled, 1), (Outcome(several), several.Permits));
        Assert.Equal("a", several.Item);
        Assert.False(queue.TryGrant("b"));
    }

    [Fact]
    public void Withdrawing_after_the_grant_changes_nothing()
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string> waiter = queue.TryEnqueue()!;
        queue.TryGrant("a");

        queue.Withdraw(waiter, WaitOutcome.Canceled);

        Assert.Equal((WaitOutcome.Granted, "a", 0), (Outcome(waiter), waiter.Item, queue.WaiterSignal));
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 1, 0)]
    public void Any_of_them_can_withdraw_in_any_order(int first, int second, int third)
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string>[] waiters = [queue.TryEnqueue()!, queue.TryEnqueue()!, queue.TryEnqueue()!];
        List<Waiter<string>> left = [.. waiters];
        foreach (int i in (int[])[first, second, third])
        {
            queue.Withdraw(waiters[i], WaitOutcome.Canceled);
            left.Remove(waiters[i]);
            Assert.Equal(left.Count, queue.Count);
            Assert.All(left, waiter => Assert.True(waiter.IsQueued));
        }

        Waiter<string> late = queue.TryEnqueue()!;
        queue.TryGrant("a");
        Assert.Equal("a", late.Item);
    }

    [Fact]
    public void A_token_that_is_cancelled_already_withdraws_at_once()
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string> waiter = queue.TryEnqueue()!;

        _ = waiter.Wait(async: true, new CancellationToken(canceled: true)).AsTask();

        Assert.Equal(WaitOutcome.Canceled, Outcome(waiter));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void A_full_queue_takes_nobody_until_somebody_has_left()
    {
        using WaiterQueue<string> queue = Make(capacity: 1);
        queue.TryEnqueue();
        Assert.Null(queue.TryEnqueue());
        Assert.Equal(1, queue.WaiterSignal);

        queue.TryGrant(null);

        Assert.NotNull(queue.TryEnqueue());
    }

    [Fact]
    public void A_closed_queue_fails_everybody_and_takes_nobody_and_never_looks_free_again()
    {
        WaiterQueue<string> queue = Make(TimeSpan.FromSeconds(1));
        Waiter<string> waiter = queue.TryEnqueue()!;

        queue.Dispose();
        queue.Dispose();

        Assert.Equal(WaitOutcome.Closed, Outcome(waiter));
        Assert.Null(queue.TryEnqueue());
        Assert.False(queue.TryGrant(null));
        Assert.Equal((0, 1), (queue.Count, queue.WaiterSignal));
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public void A_timer_that_finds_nobody_waiting_is_not_set_again()
    {
        using WaiterQueue<string> queue = Make(TimeSpan.FromSeconds(1));
        queue.TryEnqueue();
        queue.TryGrant(null);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((1, 0), (_time.CreatedTimers, _time.ArmedTimers));
    }

    [Fact]
    public void Whoever_has_less_time_than_those_before_fails_before_them()
    {
        using WaiterQueue<string> queue = Make();
        Waiter<string>[] waiters =
        [
            queue.TryEnqueue(TimeSpan.FromSeconds(5))!,
            queue.TryEnqueue(Timeout.InfiniteTimeSpan)!,
            queue.TryEnqueue(TimeSpan.FromSeconds(2))!,
            queue.TryEnqueue(TimeSpan.FromSeconds(9))!,
            queue.TryEnqueue(TimeSpan.FromSeconds(2))!,
        ];
        foreach (
            (int second, int[] left) in (ReadOnlySpan<(int, int[])>)
                [(1, [0, 1, 2, 3, 4]), (2, [0, 1, 3]), (4, [0, 1, 3]), (5, [1, 3]), (8, [1, 3]), (9, [1])]
        )
        {
            _time.Advance(TimeSpan.FromSeconds(second) - _time.GetElapsedTime(_start));
            Assert.Equal(left, Enumerable.Range(0, 5).Where(i => waiters[i].IsQueued));
        }

        Assert.Equal((1, 0), (_time.CreatedTimers, _time.ArmedTimers));
        queue.TryGrant("a");
        Assert.Equal("a", waiters[1].Item);
    }

    [Fact]
    public void A_deadline_is_kept_when_an_earlier_one_was_served_or_has_passed()
    {
        using WaiterQueue<string> queue = Make();
        queue.TryEnqueue(TimeSpan.FromSeconds(1));
        Waiter<string> late = queue.TryEnqueue(TimeSpan.FromSeconds(10))!;
        queue.TryGrant("a");
        _time.Advance(TimeSpan.FromSeconds(4));
        Waiter<string> later = queue.TryEnqueue(TimeSpan.FromSeconds(3))!;

        _time.Advance(TimeSpan.FromSeconds(2.999));
        Assert.Equal(2, queue.Count);
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal(WaitOutcome.TimedOut, Outcome(later));
        _time.Advance(TimeSpan.FromSeconds(2.999));
        Assert.Null(Outcome(late));
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal(WaitOutcome.TimedOut, Outcome(late));
    }

    [Fact]
    public void One_that_must_be_let_in_is_let_into_a_full_queue()
    {
        using WaiterQueue<string> queue = Make(capacity: 0);
        Assert.Null(queue.TryEnqueue());

        Waiter<string>? waiter = queue.TryEnqueue(Timeout.InfiniteTimeSpan, always: true);

        Assert.NotNull(waiter);
        queue.TryGrant("a");
        Assert.Equal("a", waiter.Item);
    }

    [Fact]
    public async Task Every_waiter_ends_once_however_grants_withdrawals_and_timeouts_meet()
    {
        using WaiterQueue<string> queue = Make(TimeSpan.FromMilliseconds(1));
        int granted = 0;
        int given = 0;
        int waiting = 3 * 2000;

        async Task Work(int worker)
        {
            for (int i = 0; i < 2000; i++)
            {
                Waiter<string> waiter = queue.TryEnqueue()!;
                if ((i + worker) % 3 == 0)
                {
                    queue.Withdraw(waiter, WaitOutcome.Canceled);
                }

                bool served = await waiter.Task.Limited() == WaitOutcome.Granted;
                Interlocked.Add(ref granted, served ? 1 : 0);
                Assert.Equal(served ? 1 : 0, waiter.Permits);
                Interlocked.Decrement(ref waiting);
            }
        }

        Task[] workers = [.. Enumerable.Range(0, 3).Select(i => Task.Run(() => Work(i)))];
        while (Volatile.Read(ref waiting) > 0 && !Array.Exists(workers, worker => worker.IsFaulted))
        {
            given += queue.TryGrant("x") ? 1 : 0;
            _time.Advance(TimeSpan.FromMilliseconds(0.3));
        }

        await Task.WhenAll(workers);
        Assert.Equal(given, granted);
        Assert.Equal((0, 0), (queue.Count, queue.WaiterSignal));
    }

    private static WaitOutcome? Outcome(Waiter<string> waiter) => waiter.Task.IsCompleted ? waiter.Task.Result : null;

    private WaiterQueue<string> Make(TimeSpan? timeout = null, int capacity = int.MaxValue) =>
        new(_time, timeout ?? Timeout.InfiniteTimeSpan, capacity);
}
