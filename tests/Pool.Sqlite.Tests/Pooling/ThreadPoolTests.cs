using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>Takes the thread pool away, and so has the process for itself.</summary>
[CollectionDefinition(nameof(ThreadPoolTests), DisableParallelization = true)]
[Collection(nameof(ThreadPoolTests))]
public sealed class ThreadPoolTests : LeasePoolTest
{
    [Fact]
    public void Handing_over_to_somebody_who_blocks_needs_no_thread_of_the_thread_pool()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> item = Take(Pool.Rent());
        PoolEntry<FakeItem>? got = null;
        Thread waiter = Start(() => got = Pool.Rent());
        Assert.True(SpinWait.SpinUntil(() => Counts.Waiting == 1, Limit.Length));

        WithoutThreadPool(() =>
        {
            Return(item);
            Assert.True(waiter.Join(Limit.Length), "The waiter did not wake.");
        });

        Assert.Same(item, Take(got!));
    }

    [Fact]
    public void One_who_blocks_opens_and_is_cancelled_without_the_thread_pool()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        using CancellationTokenSource cancel = new();
        PoolEntry<FakeItem>? got = null;
        Exception? failure = null;

        WithoutThreadPool(() =>
        {
            Assert.True(Start(() => got = Pool.Rent()).Join(Limit.Length), "The open did not end.");
            Thread waiter = Start(() => failure = Record.Exception(() => Pool.Rent(cancel.Token)));
            Assert.True(SpinWait.SpinUntil(() => Counts.Waiting == 1, Limit.Length));
            cancel.Cancel();
            Assert.True(waiter.Join(Limit.Length), "The waiter did not wake.");
        });

        Take(got!);
        Assert.IsAssignableFrom<OperationCanceledException>(failure);
    }

    [Fact]
    public async Task Waits_that_block_keep_their_own_time_without_the_thread_pool()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options(size: 3, overflow: 0);
        options.RentTimeout = TimeSpan.FromMilliseconds(200);
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(200);
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection holder = pool.Rent();
        holder.Run("create table t(value)");
        using SqlitePoolConnection other = pool.Rent();
        SqlitePoolConnection third = pool.Rent();
        using SqlitePoolTransaction transaction = holder.BeginTransaction();
        List<Exception?> failures = [];

        WithoutThreadPool(() =>
        {
            foreach (
                Action wait in new Action[]
                {
                    () => pool.Rent().Dispose(),
                    () => other.BeginTransaction().Dispose(),
                    () => other.Run("insert into t values (1)"),
                    () => pool.RentWriter().Dispose(),
                }
            )
            {
                Thread thread = Start(() => failures.Add(Record.Exception(wait)));
                Assert.True(thread.Join(Limit.Length), "It stayed beyond its timeout.");
            }
        });

        third.Dispose();
        Assert.IsType<SqlitePoolTimeoutException>(failures[0]);
        Assert.IsType<SqliteException>(failures[1]);
        Assert.IsType<SqliteException>(failures[2]);
        Assert.IsType<SqlitePoolTimeoutException>(failures[3]);
    }

    [Fact]
    public async Task Stock_is_not_opened_beyond_the_bound_while_opens_have_yet_to_begin()
    {
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MaxOverflow = 1,
                MinIdle = 2,
            }
        );
        PoolEntry<FakeItem> item = Take(Pool.Rent());
        List<Task<PoolEntry<FakeItem>>> opening = [];

        WithoutThreadPool(() =>
        {
            // These have found nothing idle, and will open as soon as they get a thread …
            opening.Add(StartRent());
            opening.Add(StartRent());

            // … while what was out comes home, goes cold, and stock is opened.
            Return(item);
            Pool.Sweep();
            Pool.Sweep();
        });

        await Task.WhenAll(opening).Limited();
        Assert.InRange(Source.MostExisting, 1, 3);
        Assert.InRange(Counts.Open, 2, 3);
    }

    [Fact]
    public async Task An_open_that_is_abandoned_before_it_has_begun_leaves_nothing_behind()
    {
        MakePool(new LeasePoolOptions { Size = 1 });
        using CancellationTokenSource cancel = new();
        Task<PoolEntry<FakeItem>>? rent = null;

        WithoutThreadPool(() =>
        {
            rent = StartRent(cancel.Token);
            cancel.Cancel();
        });

        await AssertCanceled(rent!);
        await Limit.Until(() => Counts.Opening == 0);
        await Rent();
        Assert.Equal((1, 1, 0), (Counts.InUse, Counts.Cancellations, Counts.OpenFailures));
    }

    private static Thread Start(Action work)
    {
        Thread thread = new(() => work()) { IsBackground = true };

        // Not in the flow of the test, which may hold the write gate.
        thread.UnsafeStart();
        return thread;
    }

    /// <summary>
    /// Before each thing that is queued meanwhile come more that block than the thread pool grows by within the limit.
    /// </summary>
    private static void WithoutThreadPool(Action work)
    {
        using ManualResetEvent end = new(false);
        using CountdownEvent blocked = new(1000);
        using CountdownEvent running = new(Environment.ProcessorCount);
        for (int i = 0; i < 1000; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Block(end, running, blocked), null);
        }

        try
        {
            Assert.True(running.Wait(Limit.Length));
            work();
        }
        finally
        {
            end.Set();
            blocked.Wait();
        }
    }

    private static void Block(WaitHandle end, CountdownEvent running, CountdownEvent blocked)
    {
        lock (running)
        {
            if (!running.IsSet)
            {
                running.Signal();
            }
        }

        end.WaitOne();
        blocked.Signal();
    }
}
