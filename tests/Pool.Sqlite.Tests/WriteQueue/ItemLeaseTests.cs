using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>The connection that an item gets.</summary>
public sealed class ItemLeaseTests : QueueTest
{
    [Fact]
    public async Task Kept_and_used_later_it_throws()
    {
        SqlitePoolConnection? kept = null;
        SqlitePoolCommand? command = null;
        await Writes
            .EnqueueAsync(connection =>
            {
                kept = connection;
                command = connection.CreateCommand("insert into t(id) values (1)");
            })
            .Limited();
        Assert.Throws<ObjectDisposedException>(() => kept!.Run("insert into t(id) values (1)"));
        Assert.Throws<ObjectDisposedException>(() => command!.ExecuteNonQuery());
        Assert.Throws<ObjectDisposedException>(() => kept!.SqliteConnection);
        Assert.Throws<ObjectDisposedException>(() => kept!.Open());
        kept!.Dispose();
        await Writes.ExecuteAsync($"insert into t(id) values (2)").Limited();
        Assert.Equal("2", Ids);
    }

    [Fact]
    public async Task Kept_it_does_not_reach_the_next_item()
    {
        SqlitePoolConnection? kept = null;
        using (Block())
        {
            _ = Writes.EnqueueAsync(connection =>
            {
                kept = connection;
            });
            _ = Writes.EnqueueAsync(_ =>
                Assert.Throws<ObjectDisposedException>(() => kept!.Run("insert into t(id) values (1)"))
            );
        }

        await Writes.FlushAsync().Limited();
        Assert.Equal("", Ids);
        Assert.Equal(0, Statistics.Failures);
    }

    [Fact]
    public async Task Disposed_by_the_item_it_harms_nobody()
    {
        Task first,
            second;
        using (Block())
        {
            first = Writes.EnqueueAsync(connection =>
            {
                using (connection)
                {
                    Insert(connection, 1);
                }

                Assert.Throws<ObjectDisposedException>(() => Insert(connection, 7));
            });
            second = Writes.EnqueueAsync(connection => Insert(connection, 2));
        }

        await Task.WhenAll(first, second).Limited();
        Assert.Equal("1,2", Ids);
    }

    [Fact]
    public async Task Still_used_by_another_thread_when_the_item_returns_fails_the_item_alone()
    {
        Options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "pass",
                () =>
                {
                    Inside.Set();
                    GoOn.Pass();
                    return 1;
                }
            );
        Task bad,
            good;
        using (Block())
        {
            bad = Writes.EnqueueAsync(connection =>
            {
                _ = Limit.OnThread(() => connection.Run("insert into t(id) values (pass())"));
                Inside.Pass();
                _ = Limit.OnThread(() =>
                {
                    SpinWait.SpinUntil(() => !connection.IsOpen());
                    GoOn.Set();
                });
            });
            good = Writes.EnqueueAsync(connection => Insert(connection, 2));
        }

        await good.Limited();
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad.Limited());
        Assert.Equal("2", Ids);
    }

    [Fact]
    public async Task An_asynchronous_function_is_refused()
    {
        Func<SqlitePoolConnection, Task<int>> work = async connection =>
        {
            await Task.Yield();
            return 1;
        };
        await Assert.ThrowsAsync<ArgumentException>(() => Writes.EnqueueAsync(work));
        await Assert.ThrowsAsync<ArgumentException>(() => Writes.EnqueueAsync(async _ => await Task.Yield()));
    }

    [Fact]
    public async Task Retired_by_an_item_the_connection_is_replaced_after_the_batch()
    {
        long first = await Writes
            .EnqueueAsync(connection =>
            {
                Insert(connection, 1);
                connection.Retire();
                return connection.Number();
            })
            .Limited();
        Assert.NotEqual(first, await Writes.EnqueueAsync(connection => connection.Number()).Limited());
        Assert.Equal("1", Ids);
    }

    private ManualResetEventSlim Inside { get; } = new();

    private ManualResetEventSlim GoOn { get; } = new();

    public override void Dispose()
    {
        base.Dispose();
        Inside.Dispose();
        GoOn.Dispose();
        GC.SuppressFinalize(this);
    }
}
