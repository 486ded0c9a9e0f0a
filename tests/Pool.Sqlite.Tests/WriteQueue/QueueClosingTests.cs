using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>The pool is closed while its queue has something to do.</summary>
public sealed class QueueClosingTests : QueueTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_accepted_is_committed_first(bool async)
    {
        Options.Writes.MaxBatchSize = 10;
        Blockade block = Block();
        Task[] items =
        [
            .. Enumerable.Range(1, 100).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")),
        ];
        Task closing = async ? Pool.DisposeAsync().AsTask() : Limit.OnThread(Pool.Dispose);
        await Limit.Until(() => Record.Exception(() => Pool.Rent().Dispose()) is ObjectDisposedException);
        Assert.True(Writes.EnqueueAsync(_ => { }).IsFaulted);
        Assert.False(closing.IsCompleted);
        block.Dispose();
        await closing.Limited();
        Assert.All(items, item => Assert.True(item.IsCompletedSuccessfully));
        using SqliteConnection direct = Database.OpenDirectly();
        Assert.Equal("100", direct.Ask("select count(*) from t"));
        direct.Close();
        Assert.Empty(Database.OpenFiles());
        Assert.False(Database.Exists("-wal"));
    }

    [Fact]
    public async Task A_closed_queue_accepts_nothing()
    {
        await Pool.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Writes.EnqueueAsync(_ => { }).Limited());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Writes.ExecuteAsync($"select 1").Limited());
        Assert.False(Writes.TryPost($"select 1"));
        await Writes.FlushAsync().Limited();
        Assert.Equal(1, Statistics.PostsRefused);
    }

    [Fact]
    public async Task Who_waits_for_room_is_told()
    {
        Options.Writes.Capacity = 1;
        Task accepted,
            waiting,
            closing;
        using (Block())
        {
            accepted = Writes.ExecuteAsync($"insert into t(id) values (1)");
            waiting = Writes.ExecuteAsync($"insert into t(id) values (2)");
            closing = Pool.DisposeAsync().AsTask();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.Limited());
        }

        await accepted.Limited();
        await closing.Limited();
        Assert.Equal("1", Ids);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_cannot_be_committed_in_time_fails_with_the_reason(bool async)
    {
        FakeTimeProvider time = new();
        Time = time;
        Options.RentTimeout = Timeout.InfiniteTimeSpan;
        await Writes.EnqueueAsync(_ => { }).Limited();
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate");
        Task[] items =
        [
            .. Enumerable.Range(1, 5).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")),
        ];
        Task closing = async ? Pool.DisposeAsync().AsTask() : Limit.OnThread(Pool.Dispose);
        await Limit.Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return closing.IsCompleted;
        });
        await closing;
        foreach (Task item in items)
        {
            Assert.Contains(
                "ShutdownTimeout",
                (await Assert.ThrowsAsync<ObjectDisposedException>(() => item.Limited())).Message,
                StringComparison.Ordinal
            );
        }

        outside.Run("commit");
        outside.Close();
        await Limit.Until(() => Database.OpenFiles().Length == 0);
        Assert.Equal("", Ids);
        Assert.Contains(Log.Warnings, entry => entry.Id == 34);
    }

    [Fact]
    public async Task An_item_that_does_not_end_hangs_nobody_and_is_not_stored()
    {
        FakeTimeProvider time = new();
        Time = time;
        using ManualResetEventSlim goOn = new();
        using ManualResetEventSlim inside = new();
        Blockade block = Block();
        Task before = Writes.EnqueueAsync(connection => Insert(connection, 1));
        Task stuck = Writes.EnqueueAsync(connection =>
        {
            Insert(connection, 2);
            inside.Set();
            goOn.Pass();
        });
        Task after = Writes.EnqueueAsync(connection => Insert(connection, 3));
        block.Dispose();
        inside.Pass();
        Task closing = Pool.DisposeAsync().AsTask();
        await Limit.Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return closing.IsCompleted;
        });
        await closing;
        foreach (Task item in (Task[])[before, stuck, after])
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => item.Limited());
        }

        goOn.Set();
        await Limit.Until(() => Database.OpenFiles().Length == 0);
        Assert.Equal("", Ids);
    }

    [Fact]
    public async Task A_commit_that_another_process_holds_up_until_the_time_is_over_fails_and_stores_nothing()
    {
        FakeTimeProvider time = new();
        Time = time;
        Options.RentTimeout = Timeout.InfiniteTimeSpan;
        Options.Pragmas.JournalMode = JournalMode.Delete;
        await Writes.EnqueueAsync(_ => { }).Limited();
        using (SqliteConnection outside = Database.OpenDirectly())
        {
            outside.Run("begin");
            outside.Ask("select count(*) from t");
            int ran = 0;
            Task[] items =
            [
                .. Enumerable
                    .Range(1, 2)
                    .Select(id =>
                        Writes.EnqueueAsync(connection =>
                        {
                            Insert(connection, id);
                            Interlocked.Increment(ref ran);
                        })
                    ),
            ];
            await Limit.Until(() => Volatile.Read(ref ran) > 0);
            Task closing = Pool.DisposeAsync().AsTask();
            await Limit.Until(() =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return closing.IsCompleted;
            });
            foreach (Task item in items)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => item.Limited());
            }

            outside.Run("rollback");
        }

        Assert.Equal("", Ids);
    }

    [Fact]
    public async Task Exclusive_work_has_the_file_for_itself_and_the_queue_goes_on_after_it()
    {
        bool over = false;
        Task producer = Task.Run(async () =>
        {
            for (int id = 1; !Volatile.Read(ref over); id++)
            {
                await Writes.ExecuteAsync($"insert into t(id) values ({id})");
            }
        });
        await Limit.Until(() => Statistics.Items > 5);
        await Pool.RunExclusiveAsync(async _ =>
            {
                // The producer's next write is queued, so that there is something to be written, and what came before is
                // counted.
                await Limit.Until(() => Statistics.Queued == 1);
                long items = Statistics.Items;
                for (int i = 0; i < 200; i++)
                {
                    Assert.Empty(Database.OpenFiles());
                    Assert.Equal(items, Statistics.Items);
                    await Task.Yield();
                }
            })
            .Limited();
        long before = Statistics.Items;
        await Limit.Until(() => Statistics.Items > before + 5);
        Volatile.Write(ref over, true);
        await producer.Limited();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_item_may_close_the_pool_and_is_stored(bool async)
    {
        Task item,
            after;
        using (Block())
        {
            item = Writes.EnqueueAsync(connection =>
            {
                Insert(connection, 1);
                Close(async);
                Insert(connection, 2);
            });
            after = Writes.EnqueueAsync(connection => Insert(connection, 3));
        }

        await Task.WhenAll(item, after).Limited();
        await Pool.DisposeAsync().Limited();
        Assert.Equal("1,2,3", Ids);
        Assert.Empty(Database.OpenFiles());
    }

    [Fact]
    public async Task A_handler_of_a_failed_post_may_close_the_pool()
    {
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Writes.PostFailed += (_, _) =>
        {
            Close(async: true);
            closed.SetResult();
        };
        Writes.TryPost($"insert into nowhere values (1)");
        await closed.Task.Limited();
        await Pool.DisposeAsync().Limited();
        Assert.Empty(Database.OpenFiles());
    }

    [Fact]
    public async Task Closing_twice_and_from_many_threads_does_not_hang()
    {
        Task item;
        Task[] closing;
        using (Block())
        {
            item = Writes.ExecuteAsync($"insert into t(id) values (1)");
            closing =
            [
                .. Enumerable
                    .Range(0, 6)
                    .Select(i => i % 2 == 0 ? Limit.OnThread(Pool.Dispose) : Pool.DisposeAsync().AsTask()),
            ];
        }

        await Task.WhenAll(closing).Limited();
        Assert.True(item.IsCompletedSuccessfully);
        Assert.Empty(Database.OpenFiles());
    }

    [Fact]
    public async Task Racing_with_a_close_each_item_is_stored_or_refused()
    {
        for (int round = 0; round < 15; round++)
        {
            SqlitePool pool = new(Options);
            int first = (round + 1) * 1000;
            int[] stored = await Task.Run(async () =>
                {
                    List<Task<int>> tasks = [];
                    Task? closing = null;
                    for (int i = 0; i < 200; i++)
                    {
                        int id = first + i;
                        tasks.Add(
                            pool.Writes.EnqueueAsync(connection =>
                            {
                                Insert(connection, id);
                                return id;
                            })
                        );
                        closing = i == 100 ? Task.Run(() => pool.DisposeAsync().AsTask()) : closing;
                    }

                    await closing!;
                    Assert.All(tasks, task => Assert.True(task.IsCompleted));
                    return tasks.Where(task => task.IsCompletedSuccessfully).Select(task => task.Result).ToArray();
                })
                .Limited();
            using SqliteConnection direct = Database.OpenDirectly();
            Assert.Equal(
                string.Join(',', stored),
                direct.Ask($"select group_concat(id) from (select id from t where id >= {first} order by id)")
            );
        }
    }

    [Fact]
    public async Task Rents_and_writers_are_refused_at_once_while_the_queue_is_still_writing()
    {
        Task closing;
        using (Block())
        {
            Task<SqlitePoolConnection> writer = Pool.RentWriterAsync().AsTask();
            closing = Pool.DisposeAsync().AsTask();
            Assert.Throws<ObjectDisposedException>(() => Pool.Rent());
            Assert.Throws<ObjectDisposedException>(() => Pool.RentWriter());
            _ = writer.ContinueWith(task => task.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
        }

        await closing.Limited();
    }

    private void Close(bool async)
    {
        if (async)
        {
            Pool.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        else
        {
            Pool.Dispose();
        }
    }
}
