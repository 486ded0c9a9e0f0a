using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>What is acknowledged is stored, in few commits and in order.</summary>
public sealed class CommittingTests : QueueTest
{
    [Fact]
    public async Task A_task_ends_only_when_another_connection_can_see_its_item()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        for (int i = 1; i <= 50; i++)
        {
            int id = i;
            await Writes.EnqueueAsync(connection => Insert(connection, id)).Limited();
            Assert.Equal($"{i}", outside.Ask("select max(id) from t"));
        }

        Assert.Equal(50, Statistics.Items);
    }

    [Fact]
    public async Task A_function_answers_through_its_task()
    {
        long id = await Writes
            .EnqueueAsync(connection =>
            {
                Insert(connection, 7);
                return connection.Ask("select max(id) from t") is { } max ? long.Parse(max, null) : 0;
            })
            .Limited();
        Assert.Equal(7, id);
    }

    [Fact]
    public async Task What_queues_up_while_a_batch_is_written_is_one_commit()
    {
        Blockade first = Block();
        Task[] tasks =
        [
            .. Enumerable.Range(1, 100).Select(id => Writes.EnqueueAsync(connection => Insert(connection, id))),
        ];
        Assert.Equal(100, Statistics.Queued);
        first.Dispose();
        await Task.WhenAll(tasks).Limited();
        SqlitePoolWriteQueueStatistics statistics = Statistics;
        Assert.Equal(2, statistics.Batches);
        Assert.Equal(101, statistics.Items);
        Assert.Equal(100, statistics.LargestBatch);
        Assert.Equal(50.5, statistics.MeanBatch);
        Assert.Equal(2, statistics.CommitTime.Count);
        Assert.Equal(0, statistics.Queued);
    }

    [Fact]
    public async Task Items_run_in_the_order_in_which_they_came()
    {
        Options.Writes.MaxBatchSize = 3;
        List<int> order = [];
        using (Block())
        {
            for (int i = 0; i < 20; i++)
            {
                int number = i;
                _ = Writes.EnqueueAsync(_ => order.Add(number));
            }
        }

        await Writes.FlushAsync().Limited();
        Assert.Equal(Enumerable.Range(0, 20), order);
        Assert.Equal(3, Statistics.LargestBatch);
    }

    [Fact]
    public async Task Statements_take_their_values_as_parameters()
    {
        string hostile = "'); drop table t; --";
        Assert.Equal(1, await Writes.ExecuteAsync($"insert into t(id, value) values ({1}, {hostile})").Limited());
        Assert.Equal(
            1,
            await Writes.ExecuteAsync("insert into t(id, value) values ($id, $value)", [2, null]).Limited()
        );
        Assert.Equal(1, await Writes.ExecuteAsync("insert into t(id, value) values (?1, ?2)", [3, 1.5m]).Limited());
        Assert.Equal(3, await Writes.ExecuteAsync($"update t set value = {DateTime.UnixEpoch}").Limited());
        Assert.Equal("1,2,3", Ids);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Writes.ExecuteAsync("insert into t values ($a, $b)", [1]).Limited()
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Writes.ExecuteAsync("insert into t values (?, ?)", [1, 2]).Limited()
        );
    }

    [Fact]
    public async Task Many_callers_at_once_lose_nothing_and_store_nothing_twice()
    {
        Options.Writes.Capacity = 16;
        Options.Writes.MaxBatchSize = 7;
        Task[] producers =
        [
            .. Enumerable
                .Range(0, 32)
                .Select(producer =>
                    Task.Run(async () =>
                    {
                        for (int i = 0; i < 100; i++)
                        {
                            await Writes.ExecuteAsync($"insert into t(id) values ({(producer * 100) + i})");
                        }
                    })
                ),
        ];
        await Task.WhenAll(producers).Limited();
        using SqliteConnection direct = Database.OpenDirectly();
        Assert.Equal("3200", direct.Ask("select count(*) from t"));
        Assert.Equal(3200, Statistics.Items);
        Assert.InRange(Statistics.LargestBatch, 1, 7);
    }

    [Fact]
    public async Task Other_writers_of_the_pool_have_their_turn_between_two_batches()
    {
        Options.Writes.MaxBatchSize = 1;
        bool over = false;
        Task producer = Task.Run(async () =>
        {
            for (int id = 1000; !Volatile.Read(ref over); id++)
            {
                await Task.WhenAll(
                    Writes.ExecuteAsync($"insert into t(id) values ({id})"),
                    Writes.ExecuteAsync($"select 1")
                );
            }
        });
        for (int i = 0; i < 20; i++)
        {
            int id = i;
            await Pool.ExecuteAsync($"insert into t(id) values ({id})").Limited();
            await Pool.WriteAsync(async connection =>
                {
                    using SqlitePoolCommand command = connection.CreateCommand(
                        $"insert into t(id) values ({id + 100})"
                    );
                    await command.ExecuteNonQueryAsync();
                })
                .Limited();
        }

        Volatile.Write(ref over, true);
        await producer.Limited();
    }

    [Fact]
    public async Task A_flush_ends_when_everything_before_it_is_stored()
    {
        await Writes.FlushAsync().Limited();
        Task flush;
        using (Block())
        {
            for (int i = 1; i <= 10; i++)
            {
                Assert.True(Writes.TryPost($"insert into t(id) values ({i})"));
            }

            flush = Writes.FlushAsync();
            Assert.False(flush.IsCompleted);
        }

        await flush.Limited();
        Assert.Equal("1,2,3,4,5,6,7,8,9,10", Ids);
        await Writes.FlushAsync().Limited();
        Assert.Equal(11, Statistics.Items);
    }

    [Fact]
    public async Task A_batch_waits_for_more_as_long_as_it_is_told_to()
    {
        FakeTimeProvider time = new();
        Time = time;
        Options.RentTimeout = Timeout.InfiniteTimeSpan;
        Options.Writes.MaxBatchDelay = TimeSpan.FromSeconds(10);
        Options.Writes.MaxBatchSize = 3;
        _ = Pool;
        int timers = time.ArmedTimers;
        Task first = Writes.ExecuteAsync($"insert into t(id) values (1)");
        Task second = Writes.ExecuteAsync($"insert into t(id) values (2)");
        await Limit.Until(() => time.ArmedTimers > timers);
        Assert.False(first.IsCompleted);
        Assert.Equal("", Ids);

        // Full.
        Task third = Writes.ExecuteAsync($"insert into t(id) values (3)");
        await Task.WhenAll(first, second, third).Limited();
        Assert.Equal(1, Statistics.Batches);

        // A flush does not wait.
        Task fourth = Writes.ExecuteAsync($"insert into t(id) values (4)");
        await Writes.FlushAsync().Limited();
        Assert.True(fourth.IsCompletedSuccessfully);

        Task fifth = Writes.ExecuteAsync($"insert into t(id) values (5)");
        await Limit.Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return fifth.IsCompleted;
        });
        await fifth;
    }

    [Theory]
    [InlineData(SynchronousMode.Full, "2")]
    [InlineData(null, "1")]
    public async Task The_queue_can_be_more_durable_than_the_rest(SynchronousMode? synchronous, string expected)
    {
        Options.GroupCommit = false;
        Options.Writes.Synchronous = synchronous;
        Assert.Equal(expected, await Writes.EnqueueAsync(connection => connection.Ask("pragma synchronous")).Limited());
        using SqlitePoolConnection lease = Pool.RentWriter();
        Assert.Equal("1", lease.Ask("pragma synchronous"));
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=queued;Mode=Memory;Cache=Shared")]
    public async Task A_database_in_memory_has_a_queue_too(string connectionString)
    {
        SqlitePool pool = new(connectionString);
        await pool
            .Writes.EnqueueAsync(connection => connection.Run("create table m(id integer primary key)"))
            .Limited();
        await Task.WhenAll(
                Enumerable.Range(0, 50).Select(id => pool.Writes.ExecuteAsync($"insert into m values ({id})"))
            )
            .Limited();
        using (SqlitePoolConnection lease = pool.Rent())
        {
            Assert.Equal("50", lease.Ask("select count(*) from m"));
        }

        Task last = pool.Writes.ExecuteAsync($"insert into m values (50)");
        await pool.DisposeAsync().Limited();
        await last.Limited();
    }

    [Fact]
    public async Task A_rollback_journal_works_as_well()
    {
        Options.Pragmas.JournalMode = JournalMode.Delete;
        Options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(20);
        using SqliteConnection outside = Database.OpenDirectly();
        await Task.WhenAll(Enumerable.Range(1, 3).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")))
            .Limited();

        // A reader is in the way of the COMMIT itself: the batch is begun again.
        outside.Run("begin; select count(*) from t");
        outside.Ask("select count(*) from t");
        Task later = Writes.ExecuteAsync($"insert into t(id) values (4)");
        await Limit.Until(() => Statistics.Retries > 0);
        Assert.False(later.IsCompleted);
        outside.Run("commit");
        await later.Limited();
        Assert.Equal("1,2,3,4", Ids);
    }
}
