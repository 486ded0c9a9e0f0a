using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>Items that fail, in a batch with others that do not.</summary>
public sealed class FailingItemTests : QueueTest
{
    private const int Constraint = 19;

    [Fact]
    public async Task An_item_that_throws_fails_alone_and_leaves_no_trace()
    {
        Task good,
            bad,
            late;
        using (Block())
        {
            good = Writes.EnqueueAsync(connection => Insert(connection, 1));
            bad = Writes.EnqueueAsync(connection =>
            {
                Insert(connection, 2);
                throw new FormatException("mine");
            });
            late = Writes.EnqueueAsync(connection => Insert(connection, 3));
        }

        await Task.WhenAll(good, late).Limited();
        Assert.Equal("mine", (await Assert.ThrowsAsync<FormatException>(() => bad.Limited())).Message);
        Assert.Equal("1,3", Ids);
        Assert.Equal(2, Statistics.Batches);
        Assert.Equal(1, Statistics.Failures);
    }

    [Fact]
    public async Task One_alone_leaves_no_trace_either()
    {
        await Assert.ThrowsAsync<FormatException>(() =>
            Writes
                .EnqueueAsync(connection =>
                {
                    Insert(connection, 1);
                    throw new FormatException();
                })
                .Limited()
        );
        Assert.Equal("", Ids);
        await Writes.ExecuteAsync($"insert into t(id) values (2)").Limited();
        Assert.Equal("2", Ids);
        Assert.Equal(1, Statistics.Batches);
    }

    [Fact]
    public async Task A_statement_that_stops_halfway_leaves_no_trace()
    {
        Task good,
            bad;
        using (Block())
        {
            good = Writes.ExecuteAsync($"insert into t(id) values (5)");
            bad = Writes.ExecuteAsync($"insert or fail into t(id) values (4), (5), (6)");
        }

        await good.Limited();
        Assert.Equal(Constraint, (await Assert.ThrowsAsync<SqliteException>(() => bad.Limited())).SqliteErrorCode);
        Assert.Equal("5", Ids);
    }

    [Fact]
    public async Task When_the_commit_fails_only_the_guilty_do()
    {
        Task[] good;
        Task orphan;
        using (Block())
        {
            Task first = Writes.EnqueueAsync(connection => Insert(connection, 1));
            orphan = Writes.ExecuteAsync($"insert into child(id, parent) values (1, 99)");
            good =
            [
                first,
                Writes.EnqueueAsync(connection => Insert(connection, 2)),
                Writes.EnqueueAsync(connection =>
                    connection.Run("insert into child(id, parent) values (2, 7); insert into parent(id) values (7)")
                ),
            ];
        }

        await Task.WhenAll(good).Limited();
        Assert.Equal(Constraint, (await Assert.ThrowsAsync<SqliteException>(() => orphan.Limited())).SqliteErrorCode);
        Assert.Equal("1,2", Ids);
        using SqliteConnection direct = Database.OpenDirectly();
        Assert.Equal("2", direct.Ask("select group_concat(id) from child"));
        Assert.Equal(1, Statistics.Failures);

        // The one that held the queue up, and three by themselves.
        Assert.Equal(4, Statistics.Batches);
        Assert.Equal(4, Statistics.Items);
    }

    [Fact]
    public async Task Who_failed_because_of_the_guilty_is_run_again_without_it()
    {
        Task orphan,
            victim;
        using (Block())
        {
            orphan = Writes.EnqueueAsync(connection =>
            {
                Insert(connection, 1);
                connection.Run("insert into child(id, parent) values (1, 99)");
            });
            victim = Writes.EnqueueAsync(connection => Insert(connection, 1));
        }

        await Assert.ThrowsAsync<SqliteException>(() => orphan.Limited());
        await victim.Limited();
        Assert.Equal("1", Ids);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_full_database_fails_those_that_do_not_fit_and_stores_the_rest(int items)
    {
        Options.ConnectionOpened = connection => connection.Run("pragma max_page_count=40");
        Task[] small;
        Task[] big;
        using (Block())
        {
            small =
            [
                .. Enumerable.Range(1, items).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")),
            ];
            big =
            [
                .. Enumerable
                    .Range(100, items)
                    .Select(id => Writes.ExecuteAsync($"insert into t(id, value) values ({id}, zeroblob(1000000))")),
            ];
        }

        await Task.WhenAll(small).Limited();
        foreach (Task task in big)
        {
            Assert.Equal(13, (await Assert.ThrowsAsync<SqliteException>(() => task.Limited())).SqliteErrorCode);
        }

        Assert.Equal(string.Join(',', Enumerable.Range(1, items)), Ids);
        await Writes.ExecuteAsync($"insert into t(id) values (50)").Limited();
    }

    [Fact]
    public async Task A_database_that_becomes_full_by_degrees_keeps_what_was_acknowledged()
    {
        Options.ConnectionOpened = connection => connection.Run("pragma max_page_count=60");
        List<int> stored = [];
        Task<int>[] tasks;
        using (Block())
        {
            tasks =
            [
                .. Enumerable
                    .Range(0, 100)
                    .Select(id => Writes.ExecuteAsync($"insert into t(id, value) values ({id}, zeroblob(3000))")),
            ];
        }

        for (int id = 0; id < tasks.Length; id++)
        {
            try
            {
                await tasks[id].Limited();
                stored.Add(id);
            }
            catch (SqliteException e)
            {
                Assert.Equal(13, e.SqliteErrorCode);
            }
        }

        Assert.InRange(stored.Count, 10, 90);
        Assert.Equal(string.Join(',', stored), Ids);
    }

    [Fact]
    public async Task What_an_item_leaves_open_is_closed_behind_it()
    {
        Task first,
            second;
        using (Block())
        {
            first = Writes.EnqueueAsync(connection =>
            {
                SqlitePoolCommand command = connection.CreateCommand("insert into t(id) values (1), (2) returning id");
                Assert.True(command.ExecuteReader().Read());
            });
            second = Writes.EnqueueAsync(connection => Insert(connection, 3));
        }

        await Task.WhenAll(first, second).Limited();
        Assert.Equal("1,2,3", Ids);
    }

    [Fact]
    public async Task An_item_that_leaves_the_drivers_statement_running_fails_alone()
    {
        Task bad,
            good;
        using (Block())
        {
            bad = Writes.EnqueueAsync(connection =>
            {
                Insert(connection, 1);
                SqliteCommand command = connection.SqliteConnection.CreateCommand();
                command.CommandText = "insert into t(id) values (2), (3) returning id";
                command.ExecuteReader().Read();
            });
            good = Writes.EnqueueAsync(connection => Insert(connection, 4));
        }

        await good.Limited();
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad.Limited());
        Assert.Equal("4", Ids);
    }

    [Fact]
    public async Task What_an_item_changes_in_the_session_does_not_outlast_its_batch()
    {
        await Writes
            .EnqueueAsync(connection =>
            {
                connection.Run("create temp table mine(id)");
                connection.Run("pragma cache_size=-1");
            })
            .Limited();
        Assert.Equal("-16000", await Writes.EnqueueAsync(connection => connection.Ask("pragma cache_size")).Limited());
        await Assert.ThrowsAsync<SqliteException>(() => Writes.ExecuteAsync($"insert into mine values (1)").Limited());
    }
}
