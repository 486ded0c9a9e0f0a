using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>Items that meddle with the transaction that they share with others.</summary>
public sealed class TransactionControlTests : QueueTest
{
    public static TheoryData<string> Statements =>
        [
            "commit",
            "rollback",
            "begin",
            "savepoint mine",
            "release pool_item",
            "rollback to pool_item",
            "end",
            "insert into t(id) values (90); commit",
            "create table fresh(id); insert into fresh values (1); commit; insert into t(id) values (91)",
        ];

    [Theory]
    [MemberData(nameof(Statements))]
    public Task By_a_command_it_is_refused(string sql) =>
        FailsAlone(connection =>
        {
            Insert(connection, 2);
            connection.Run(sql);
        });

    [Theory]
    [MemberData(nameof(Statements))]
    public Task By_the_drivers_own_object_it_is_refused(string sql) =>
        FailsAlone(connection =>
        {
            Insert(connection, 2);
            connection.SqliteConnection.Run(sql);
        });

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task Refused_and_ignored_it_does_no_harm(string sql)
    {
        Task first,
            item,
            last;
        using (Block())
        {
            first = Writes.EnqueueAsync(connection => Insert(connection, 1));
            item = Writes.EnqueueAsync(connection =>
            {
                Assert.ThrowsAny<Exception>(() =>
                    connection.Run(sql.Replace("insert into t(id)", "select", StringComparison.Ordinal))
                );
                Insert(connection, 2);
            });
            last = Writes.EnqueueAsync(connection => Insert(connection, 3));
        }

        await Task.WhenAll(first, item, last).Limited();
        Assert.Equal("1,2,3", Ids);
    }

    [Fact]
    public async Task Beginning_a_transaction_says_why_not()
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Writes.EnqueueAsync(connection => connection.BeginTransaction().Dispose()).Limited()
        );
        Assert.Contains("shares with others", error.Message, StringComparison.Ordinal);
        await FailsAlone(connection => connection.SqliteConnection.BeginTransaction().Commit());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_conflict_that_rolls_everything_back_fails_its_item_alone(bool throughDriver) =>
        FailsAlone(connection =>
        {
            Insert(connection, 2);
            const string Conflict = "insert or rollback into t(id) values (50), (50)";
            _ = throughDriver ? connection.SqliteConnection.Run(Conflict) : connection.Run(Conflict);
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task After_a_rollback_that_it_ignores_an_item_stores_nothing_more(bool throughDriver) =>
        FailsAlone(connection =>
        {
            Insert(connection, 2);
            Assert.Throws<SqliteException>(() => connection.Run("insert or rollback into t(id) values (50), (50)"));
            Assert.ThrowsAny<Exception>(() =>
                throughDriver
                    ? connection.SqliteConnection.Run("insert into t(id) values (51)")
                    : connection.Run("insert into t(id) values (51)")
            );
            Assert.True(Writes.ExecuteAsync($"insert into t(id) values (52)").IsFaulted);
            Assert.True(Writes.EnqueueAsync(inner => Insert(inner, 53)).IsFaulted);
        });

    private async Task FailsAlone(Action<SqlitePoolConnection> item)
    {
        Task first,
            bad,
            last;
        using (Block())
        {
            first = Writes.EnqueueAsync(connection => Insert(connection, 1));
            bad = Writes.EnqueueAsync(item);
            last = Writes.EnqueueAsync(connection => Insert(connection, 3));
        }

        await Task.WhenAll(first, last).Limited();
        await Assert.ThrowsAnyAsync<Exception>(() => bad.Limited());
        Assert.Equal("1,3", Ids);
        await Assert.ThrowsAnyAsync<Exception>(() => Writes.EnqueueAsync(item).Limited());
        await Writes.EnqueueAsync(connection => Insert(connection, 4)).Limited();
        Assert.Equal("1,3,4", Ids);
        using SqliteConnection direct = Database.OpenDirectly();
        Assert.Equal("0", direct.Ask("select count(*) from sqlite_master where name = 'fresh'"));
    }
}
