using System.Data.Common;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>An item enqueues another.</summary>
public sealed class NestedItemTests : QueueTest
{
    [Fact]
    public async Task It_runs_at_once_and_is_stored_with_the_outer_one()
    {
        await Writes
            .EnqueueAsync(connection =>
            {
                Insert(connection, 1);
                Task<long> inner = Writes.EnqueueAsync(nested =>
                {
                    Insert(nested, 2);
                    Assert.True(Writes.ExecuteAsync($"insert into t(id) values (3)").IsCompletedSuccessfully);
                    return 42L;
                });
                Assert.Equal(42, inner.Result);
                Assert.True(Writes.TryPost($"insert into t(id) values (4)"));
                Insert(connection, 5);
            })
            .Limited();
        Assert.Equal("1,2,3,4,5", Ids);
        Assert.Equal(1, Statistics.Items);
        Assert.Equal(1, Statistics.LargestBatch);
    }

    [Fact]
    public async Task It_is_undone_with_the_outer_one()
    {
        Task? inner = null;
        await Assert.ThrowsAsync<FormatException>(() =>
            Writes
                .EnqueueAsync(_ =>
                {
                    inner = Writes.ExecuteAsync($"insert into t(id) values (1)");
                    throw new FormatException();
                })
                .Limited()
        );
        Assert.True(inner!.IsCompletedSuccessfully);
        Assert.Equal("", Ids);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_it_fails_alone_the_outer_one_may_go_on(bool inBatch)
    {
        Blockade? block = inBatch ? Block() : null;
        Task neighbour = inBatch ? Writes.ExecuteAsync($"insert into t(id) values (9)") : Task.CompletedTask;
        Task item = Writes.EnqueueAsync(connection =>
        {
            Insert(connection, 1);
            Task inner = Writes.EnqueueAsync(nested =>
            {
                Insert(nested, 2);
                throw new FormatException();
            });
            Assert.IsType<FormatException>(inner.Exception!.InnerException);
            Insert(connection, 3);
        });
        block?.Dispose();
        await Task.WhenAll(item, neighbour).Limited();
        Assert.Equal(inBatch ? "1,3,9" : "1,3", Ids);
    }

    [Fact]
    public async Task The_readers_of_the_outer_one_stay_open()
    {
        await Writes.ExecuteAsync($"insert into t(id) values (1), (2), (3)").Limited();
        int seen = await Writes
            .EnqueueAsync(connection =>
            {
                using SqlitePoolCommand command = connection.CreateCommand(
                    "select id from t where id < 10 order by id"
                );
                using DbDataReader reader = command.ExecuteReader();
                int rows = 0;
                while (reader.Read())
                {
                    rows++;
                    Assert.True(
                        Writes
                            .ExecuteAsync($"insert into t(id) values ({reader.GetInt64(0) + 100})")
                            .IsCompletedSuccessfully
                    );
                    Assert.True(Writes.ExecuteAsync($"insert into t(id) values ({1})").IsFaulted);
                }

                return rows;
            })
            .Limited();
        Assert.Equal(3, seen);
        Assert.Equal("1,2,3,101,102,103", Ids);
    }

    [Fact]
    public async Task A_cancelled_one_does_not_run()
    {
        await Writes
            .EnqueueAsync(connection =>
            {
                Assert.True(
                    Writes.EnqueueAsync(_ => Assert.Fail("It ran."), new CancellationToken(canceled: true)).IsCanceled
                );
                Insert(connection, 1);
            })
            .Limited();
        Assert.Equal("1", Ids);
    }

    [Fact]
    public async Task Inside_an_item_there_is_nothing_to_flush()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Writes
                .EnqueueAsync(connection =>
                {
                    Writes.FlushAsync();
                })
                .Limited()
        );
    }

    [Fact]
    public async Task The_queue_of_another_pool_is_not_inside()
    {
        using TempDatabase other = new();
        using SqlitePool second = new(other.Options());
        Task inner = Task.CompletedTask;
        await Writes
            .EnqueueAsync(_ =>
            {
                inner = second.Writes.EnqueueAsync(connection => connection.Run("create table x(id)"));
            })
            .Limited();
        await inner.Limited();
    }

    [Fact]
    public async Task An_item_may_read_on_another_connection_of_the_pool()
    {
        await Writes
            .EnqueueAsync(connection =>
            {
                Insert(connection, 1);
                using SqlitePoolConnection reader = Pool.RentReader();
                Assert.Equal("0", reader.Ask("select count(*) from t"));
            })
            .Limited();
    }
}
