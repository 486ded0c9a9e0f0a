using System.Data;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class TransactionsDoNotBleedTests : TwoLeases
{
    public TransactionsDoNotBleedTests()
    {
        using SqliteConnection direct = Database.OpenDirectly();
        direct.Run("create table t(value int)");
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("begin immediate")]
    [InlineData("begin exclusive")]
    [InlineData("savepoint mine")]
    [InlineData("begin; savepoint mine")]
    public void A_transaction_that_was_opened_by_SQL_is_rolled_back(string begin)
    {
        long lease = 0;
        OnTheSameConnection(
            connection =>
            {
                lease = connection.LeaseId;
                connection.Run($"{begin}; insert into t values(1)");
            },
            AssertNothingIsLeft
        );

        LogEntry warning = Assert.Single(Log.Warnings);
        Assert.Contains($"lease {lease >> 32}-{lease & uint.MaxValue} ", warning.Text, StringComparison.Ordinal);
        Assert.Contains("rolled back", warning.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_transaction_object_that_was_forgotten_is_rolled_back(bool deferred)
    {
        OnTheSameConnection(
            connection =>
            {
                connection.BeginTransaction(deferred);
                connection.Run("insert into t values(1)");
            },
            AssertNothingIsLeft
        );

        Assert.Contains("rolled back", Assert.Single(Log.Warnings).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_transaction_of_the_drivers_connection_is_rolled_back()
    {
        OnTheNextLease(
            connection =>
            {
                SqliteTransaction transaction = connection.SqliteConnection.BeginTransaction();
                using SqliteCommand command = connection.SqliteConnection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "insert into t values(1)";
                command.ExecuteNonQuery();
            },
            AssertNothingIsLeft
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("rollback")]
    [InlineData("commit")]
    public void A_transaction_of_the_drivers_connection_does_not_stand_in_the_way_of_the_next(string? end)
    {
        OnTheNextLease(
            connection =>
            {
                connection.SqliteConnection.BeginTransaction();
                if (end is not null)
                {
                    connection.Run(end);
                }
            },
            connection =>
            {
                AssertNothingIsLeft(connection);
                Assert.Equal("0", connection.SqliteConnection.Ask("select count(*) from t"));
                connection.SqliteConnection.BeginTransaction().Commit();
            }
        );
    }

    [Fact]
    public void A_transaction_whose_object_was_ended_by_SQL_leaves_nothing_behind()
    {
        OnTheNextLease(
            connection =>
            {
                connection.BeginTransaction();
                connection.Run("insert into t values(1); rollback");
            },
            AssertNothingIsLeft
        );
        OnTheNextLease(
            connection =>
            {
                connection.BeginTransaction();
                connection.Run("insert into t values(1); commit");
            },
            connection =>
            {
                Assert.Equal("1", connection.Ask("select count(*) from t"));
                connection.BeginTransaction().Commit();
            }
        );
    }

    [Fact]
    public void A_transaction_that_was_left_open_no_longer_blocks_others_after_the_return()
    {
        using SqliteConnection other = Database.OpenDirectly("Default Timeout=1");
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            connection.Run("begin immediate");
        }

        Assert.Equal(1, other.Run("insert into t values(1)"));
    }

    [Theory]
    [InlineData(IsolationLevel.Unspecified)]
    [InlineData(IsolationLevel.ReadUncommitted)]
    [InlineData(IsolationLevel.ReadCommitted)]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public void A_committed_transaction_costs_no_connection_and_no_warning(IsolationLevel level)
    {
        OnTheSameConnection(
            connection =>
            {
                using SqlitePoolTransaction transaction = connection.BeginTransaction(level);
                connection.Run("insert into t values(1)");
                transaction.Commit();
            },
            connection => Assert.Equal("1", connection.Ask("select count(*) from t"))
        );

        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public void A_transaction_that_was_rolled_back_by_its_user_is_no_warning()
    {
        OnTheSameConnection(
            connection =>
            {
                using (connection.BeginTransaction())
                {
                    connection.Run("insert into t values(1)");
                }

                connection.Run("begin; insert into t values(1); rollback");
            },
            AssertNothingIsLeft
        );

        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public void PRAGMAs_that_were_changed_inside_an_open_transaction_are_put_right_too() =>
        OnTheSameConnection(
            connection => connection.Run("begin; PRAGMA foreign_keys=OFF; PRAGMA cache_size=7"),
            connection =>
            {
                AssertNothingIsLeft(connection);
                Assert.Equal("1", connection.Ask("PRAGMA foreign_keys"));
                Assert.Equal("-16000", connection.Ask("PRAGMA cache_size"));
            }
        );

    private static void AssertNothingIsLeft(SqlitePoolConnection connection)
    {
        Assert.Equal("0", connection.Ask("select count(*) from t"));
        using SqlitePoolTransaction transaction = connection.BeginTransaction();
        Assert.Equal("0", connection.Ask("select count(*) from t"));
        transaction.Rollback();
    }
}
