using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>Items that are no longer wanted, or come too late.</summary>
public sealed class ItemCancellationTests : QueueTest
{
    [Fact]
    public async Task An_item_that_is_cancelled_before_its_turn_never_runs()
    {
        using CancellationTokenSource stop = new();
        Task cancelled,
            stored;
        using (Block())
        {
            cancelled = Writes.EnqueueAsync(connection => Insert(connection, 1), stop.Token);
            stored = Writes.EnqueueAsync(connection => Insert(connection, 2));
            await stop.CancelAsync();

            // At once, not only when its turn comes.
            OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                cancelled.Limited()
            );
            Assert.Equal(stop.Token, error.CancellationToken);
        }

        await stored.Limited();
        Assert.Equal("2", Ids);
        Assert.Equal(1, Statistics.Cancellations);
        Assert.Equal(0, Statistics.Failures);
    }

    [Fact]
    public async Task An_item_that_is_cancelled_while_it_runs_and_ends_well_is_stored()
    {
        using CancellationTokenSource stop = new();
        await Writes
            .EnqueueAsync(
                connection =>
                {
                    Insert(connection, 1);
                    stop.Cancel();
                },
                stop.Token
            )
            .Limited();
        Assert.Equal("1", Ids);
    }

    [Fact]
    public async Task An_item_that_obeys_while_it_runs_is_cancelled_and_absent()
    {
        using CancellationTokenSource stop = new();
        Task task = Writes.EnqueueAsync(
            connection =>
            {
                Insert(connection, 1);
                stop.Cancel();
                stop.Token.ThrowIfCancellationRequested();
            },
            stop.Token
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.Limited());
        Assert.True(task.IsCanceled);
        Assert.Equal("", Ids);
    }

    [Fact]
    public async Task A_running_statement_is_stopped_and_absent()
    {
        using CancellationTokenSource stop = new();
        Options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "stop",
                () =>
                {
                    stop.Cancel();
                    return 1;
                }
            );
        Task stopped,
            stored;
        using (Block())
        {
            stopped = Writes.ExecuteAsync(
                $"""
                insert into t(value) select stop() union all select * from
                (with recursive n(i) as (select 1 union all select i + 1 from n) select i from n)
                """,
                stop.Token
            );
            stored = Writes.ExecuteAsync($"insert into t(id) values (7)");
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.Limited());
        await stored.Limited();
        Assert.Equal("7", Ids);
    }

    [Fact]
    public async Task Racing_with_its_turn_an_item_is_stored_or_cancelled_never_both()
    {
        List<int> stored = [];
        for (int round = 0; round < 300; round++)
        {
            int id = round;
            using CancellationTokenSource stop = new();
            Task item = Writes.EnqueueAsync(connection => Insert(connection, id), stop.Token);
            Task cancel = Task.Run(stop.Cancel);
            try
            {
                await item.Limited();
                stored.Add(id);
            }
            catch (OperationCanceledException)
            {
                Assert.True(item.IsCanceled);
            }

            await cancel.Limited();
        }

        Assert.Equal(string.Join(',', stored), Ids);
        Assert.Equal(300, Statistics.Items + Statistics.Cancellations);
    }

    [Fact]
    public async Task An_item_that_waits_too_long_fails_and_never_runs()
    {
        FakeTimeProvider time = new();
        Time = time;
        Options.RentTimeout = Timeout.InfiniteTimeSpan;
        Options.Writes.ItemTimeout = TimeSpan.FromSeconds(5);
        await Writes.ExecuteAsync($"insert into t(id) values (1)").Limited();
        using (SqlitePoolConnection holder = Pool.RentWriter())
        {
            Task late = OtherFlow.Run(() => Writes.ExecuteAsync($"insert into t(id) values (2)"));
            await Limit.Until(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return late.IsCompleted;
            });
            TimeoutException error = await Assert.ThrowsAsync<TimeoutException>(() => late);
            Assert.Contains("ItemTimeout", error.Message, StringComparison.Ordinal);
        }

        await Writes.ExecuteAsync($"insert into t(id) values (3)").Limited();
        Assert.Equal("1,3", Ids);
        Assert.Equal(1, Statistics.Failures);
    }

    [Fact]
    public async Task Behind_a_slow_item_the_same()
    {
        FakeTimeProvider time = new();
        Time = time;
        Options.Writes.ItemTimeout = TimeSpan.FromSeconds(5);
        Task late;
        using (Block())
        {
            late = Writes.ExecuteAsync($"insert into t(id) values (2)");
            time.Advance(TimeSpan.FromSeconds(6));
        }

        await Assert.ThrowsAsync<TimeoutException>(() => late.Limited());
        Assert.Equal("", Ids);
    }

    [Fact]
    public async Task Who_waits_for_room_can_be_cancelled_and_timed_out()
    {
        FakeTimeProvider time = new();
        Time = time;
        Options.Writes.Capacity = 1;
        Options.Writes.ItemTimeout = TimeSpan.FromSeconds(5);
        using CancellationTokenSource stop = new();
        Task cancelled,
            late;
        using (Block())
        {
            _ = Writes.ExecuteAsync($"insert into t(id) values (1)", CancellationToken.None);
            cancelled = Writes.ExecuteAsync($"insert into t(id) values (2)", stop.Token);
            late = Writes.ExecuteAsync($"insert into t(id) values (3)");
            Assert.False(cancelled.IsCompleted);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
            await Limit.Until(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return late.IsCompleted;
            });
            await Assert.ThrowsAsync<TimeoutException>(() => late);
        }

        await Writes.FlushAsync().Limited();
        Assert.Equal("", Ids);
    }

    [Fact]
    public async Task What_is_cancelled_already_does_not_even_queue()
    {
        CancellationToken over = new(canceled: true);
        Assert.True(Writes.ExecuteAsync($"insert into t(id) values (1)", over).IsCanceled);
        await Writes.FlushAsync(CancellationToken.None).Limited();
        Assert.Equal("", Ids);
    }
}
