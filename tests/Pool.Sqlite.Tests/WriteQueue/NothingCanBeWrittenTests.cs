using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>The lock, the gate or the connection cannot be had.</summary>
public sealed class NothingCanBeWrittenTests : QueueTest
{
    public NothingCanBeWrittenTests()
    {
        Options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(20);
        Options.RentTimeout = TimeSpan.FromMinutes(5);
    }

    [Fact]
    public async Task While_another_process_holds_the_lock_the_queue_tries_again_and_again()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate");
        Task[] items =
        [
            .. Enumerable.Range(1, 5).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")),
        ];
        await Limit.Until(() => Statistics.Retries >= 3);
        Assert.DoesNotContain(items, item => item.IsCompleted);
        outside.Run("commit");
        await Task.WhenAll(items).Limited();
        Assert.Equal("1,2,3,4,5", Ids);
    }

    [Fact]
    public async Task In_the_pauses_others_of_the_process_can_have_the_gate()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate");
        Task item = Writes.ExecuteAsync($"insert into t(id) values (1)");
        await Limit.Until(() => Statistics.Retries >= 1);
        (await Pool.RentWriterAsync().Limited()).Dispose();
        outside.Run("commit");
        await item.Limited();
    }

    [Fact]
    public async Task When_the_limit_has_passed_the_reason_is_told_and_the_queue_goes_on()
    {
        FakeTimeProvider time = new();
        Time = time;
        await Writes.EnqueueAsync(_ => { }).Limited();
        int timers = time.ArmedTimers;
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate");
        Task[] items =
        [
            .. Enumerable.Range(1, 5).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")),
        ];

        // A pause between two tries; by the clock it takes less than the limit.
        await Limit.Until(() => Statistics.Retries == 1 && time.ArmedTimers > timers);
        time.Advance(TimeSpan.FromSeconds(1));
        await Limit.Until(() => Statistics.Retries == 2 && time.ArmedTimers > timers);
        time.Advance(Options.RentTimeout);
        foreach (Task item in items)
        {
            SqliteException error = await Assert.ThrowsAsync<SqliteException>(() => item.Limited());
            Assert.Equal(5, error.SqliteErrorCode);
            Assert.Matches("^Nothing could be written in [0-9]+ tries within [0-9]", error.Message);
        }

        outside.Run("commit");
        await Writes.ExecuteAsync($"insert into t(id) values (6)").Limited();
        Assert.Equal("6", Ids);
        Assert.Equal(5, Statistics.Failures);
    }

    [Fact]
    public async Task A_writer_of_the_same_process_that_does_not_let_go_is_named_as_the_reason()
    {
        // By a clock that stands still no connection takes too long to open; waits for the gate have the system's.
        Time = new FakeTimeProvider();
        Options.RentTimeout = TimeSpan.FromMilliseconds(200);
        using (SqlitePoolConnection holder = await Pool.RentWriterAsync())
        {
            SqlitePoolTimeoutException error = await OtherFlow.Run(() =>
                Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
                    Writes.ExecuteAsync($"insert into t(id) values (1)").Limited()
                )
            );
            Assert.Contains("right to write", error.Message, StringComparison.Ordinal);
        }

        await Writes.ExecuteAsync($"insert into t(id) values (2)").Limited();
        Assert.Equal("2", Ids);
    }

    [Fact]
    public async Task When_the_connection_cannot_be_opened_all_learn_why_without_a_pause_and_later_it_works()
    {
        // The clock stands still: a pause would not end.
        Time = new FakeTimeProvider();
        string folder = Database.In("later");
        Options.ConnectionString = $"Data Source={Path.Combine(folder, "x.db")}";
        Task<int>[] items =
        [
            .. Enumerable.Range(0, 100).Select(_ => Writes.ExecuteAsync($"create table if not exists x(id)")),
        ];
        foreach (Task<int> item in items)
        {
            Assert.Equal(14, (await Assert.ThrowsAsync<SqliteException>(() => item.Limited())).SqliteErrorCode);
        }

        await Assert.ThrowsAsync<SqliteException>(() => Writes.ExecuteAsync($"create table x(id)").Limited());
        Directory.CreateDirectory(folder);
        await Writes.ExecuteAsync($"create table x(id)").Limited();
        Assert.Equal(101, Statistics.Failures);
        Assert.Equal(1, Statistics.Items);
    }

    [Fact]
    public async Task A_read_only_database_says_so_and_the_posts_are_counted()
    {
        Options.ConnectionString += ";Mode=ReadOnly";
        Assert.True(Writes.TryPost($"insert into t(id) values (1)"));
        SqliteException error = await Assert.ThrowsAsync<SqliteException>(() =>
            Writes.ExecuteAsync($"insert into t(id) values (2)").Limited()
        );
        Assert.Equal(8, error.SqliteErrorCode);
        await Limit.Until(() => Statistics.PostFailures == 1);
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_the_lock()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate");
        using CancellationTokenSource stop = new();
        Task item = Writes.ExecuteAsync($"insert into t(id) values (1)", stop.Token);
        await Limit.Until(() => Statistics.Retries >= 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => item.Limited());
        outside.Run("commit");
        await Writes.FlushAsync().Limited();
        Assert.Equal("", Ids);
    }

    [Fact]
    public async Task A_rent_timeout_of_zero_does_not_make_the_queue_give_up()
    {
        Options.RentTimeout = TimeSpan.Zero;
        Options.Pragmas.BusyTimeout = TimeSpan.FromMinutes(5);
        Task item;
        using (SqlitePoolConnection holder = Pool.RentWriter())
        {
            item = OtherFlow.Run(() => Writes.ExecuteAsync($"insert into t(id) values (1)"));
            await Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
            Assert.False(item.IsCompleted);
        }

        await item.Limited();
    }
}
