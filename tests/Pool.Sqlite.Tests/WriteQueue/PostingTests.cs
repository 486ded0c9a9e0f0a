using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>Fire and forget, and the bound on what is queued.</summary>
public sealed class PostingTests : QueueTest
{
    [Fact]
    public async Task A_failure_reaches_the_event_the_log_and_the_count()
    {
        List<SqlitePoolWriteFailedEventArgs> failures = [];
        Writes.PostFailed += (_, _) => throw new FormatException("a handler's own");
        Writes.PostFailed += (sender, failure) =>
        {
            Assert.Same(Writes, sender);
            failures.Add(failure);
        };
        string secret = "secret";
        using (Block())
        {
            Assert.True(Writes.TryPost($"insert into t(id) values (1)"));
            Assert.True(Writes.TryPost($"insert into t(id, value) values (1, {secret})"));
            Assert.True(Writes.TryPost("insert into t(id, value) values ($id, $value)", [2, "x"]));
            Assert.True(Writes.TryPost(connection => connection.Run("insert into t(id) values (3); select mine()")));
        }

        await Writes.FlushAsync().Limited();
        Assert.Equal("1,2", Ids);
        Assert.Equal(2, failures.Count);
        Assert.Equal("insert into t(id, value) values (1, $p0)", failures[0].Sql);
        Assert.Equal(19, Assert.IsType<SqliteException>(failures[0].Exception).SqliteErrorCode);
        Assert.Null(failures[1].Sql);
        Assert.Equal(2, Statistics.PostFailures);
        Assert.Equal(2, Statistics.Failures);
        Assert.Equal(2, Log.Warnings.Count(entry => entry.Id == 30));
        Assert.Equal(2, Log.Warnings.Count(entry => entry.Id == 31));
        Assert.DoesNotContain(secret, Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_refuses_posts_and_lets_others_wait_without_a_thread()
    {
        Options.Writes.Capacity = 2;
        Task waiting;
        using (Block())
        {
            Assert.True(Writes.TryPost($"insert into t(id) values (1)"));
            Assert.True(Writes.TryPost($"insert into t(id) values (2)"));
            Assert.False(Writes.TryPost($"insert into t(id) values (3)"));
            waiting = Writes.ExecuteAsync($"insert into t(id) values (4)");
            Assert.False(waiting.IsCompleted);
            Assert.Equal(1, Statistics.PostsRefused);
            Assert.Equal(2, Statistics.Queued);
        }

        await waiting.Limited();
        Assert.Equal("1,2,4", Ids);
    }

    [Fact]
    public async Task However_many_are_posted_no_more_than_the_capacity_is_kept()
    {
        Options.Writes.Capacity = 1_000;
        Options.Pragmas.Synchronous = SynchronousMode.Off;
        Options.Writes.MaxBatchSize = 1_000;
        await Writes.ExecuteAsync($"create table log(value)").Limited();
        List<WeakReference> posted = [];
        for (int i = 1; i <= 50_000; i++)
        {
            while (!TryPost(posted))
            {
                await Task.Yield();
            }

            if (i % 10_000 == 0)
            {
                GC.Collect();

                // What is queued, and what is being written.
                Assert.InRange(posted.Count(static value => value.IsAlive), 0, 2_100);
                Assert.InRange(Statistics.Queued, 0, 1_000);
            }
        }

        await Writes.FlushAsync().Limited();
        using SqliteConnection direct = Database.OpenDirectly();
        Assert.Equal("50000", direct.Ask("select count(*) from log"));
    }

    [Fact]
    public async Task A_handler_may_enqueue()
    {
        Task? again = null;
        Writes.PostFailed += (_, _) => again = Writes.ExecuteAsync($"insert into t(id) values (1)");
        Writes.TryPost($"insert into nowhere values (1)");
        await Limit.Until(() => again is not null);
        await again!.Limited();
        Assert.Equal("1", Ids);
    }

    [Fact]
    public void Settings_that_make_no_sense_are_named()
    {
        Options.Writes.Capacity = 0;
        Options.Writes.MaxBatchSize = -1;
        Options.Writes.MaxBatchDelay = TimeSpan.FromSeconds(-1);
        Options.Writes.ItemTimeout = TimeSpan.Zero;
        Options.Writes.Synchronous = (SynchronousMode)9;
        string message = Assert.Throws<ArgumentException>(() => new SqlitePool(Options)).Message;
        foreach (string name in (string[])["Capacity", "MaxBatchSize", "MaxBatchDelay", "ItemTimeout", "Synchronous"])
        {
            Assert.Contains($"Writes.{name} is ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Later_changes_of_the_options_do_nothing()
    {
        Options.Writes.Capacity = 7;
        await Writes.ExecuteAsync($"insert into t(id) values (1)").Limited();
        Options.Writes.Capacity = 8;
        Assert.Equal(7, Statistics.Capacity);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPost(List<WeakReference> posted)
    {
        byte[] value = new byte[10];
        bool accepted = Writes.TryPost("insert into log values ($value)", [value]);
        if (accepted)
        {
            posted.Add(new WeakReference(value));
        }

        return accepted;
    }
}
