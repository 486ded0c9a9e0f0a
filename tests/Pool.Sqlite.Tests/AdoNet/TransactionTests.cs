using System.Data;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

public sealed class TransactionTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;
    private readonly SqlitePoolConnection _connection;

    public TransactionTests()
    {
        _pool = new SqlitePool(_database.Options());
        _connection = _pool.Rent();
        _connection.Run("create table t(value int)");
    }

    private string? Count => _connection.Ask("select count(*) from t");

    [Fact]
    public async Task A_commit_keeps_what_was_written()
    {
        using (SqlitePoolTransaction transaction = _connection.BeginTransaction())
        {
            _connection.Run("insert into t values(1)");
            await transaction.CommitAsync();
        }

        using SqlitePoolConnection other = await _pool.RentAsync();
        Assert.Equal("1", other.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_rollback_undoes_what_was_written()
    {
        using SqlitePoolTransaction transaction = _connection.BeginTransaction();
        _connection.Run("insert into t values(1)");
        await transaction.RollbackAsync();

        Assert.Equal("0", Count);
    }

    [Fact]
    public async Task A_transaction_inside_WriteAsync_is_refused_with_the_SQL_that_does_it()
    {
        _connection.Dispose();
        await _pool.WriteAsync(async connection =>
        {
            string[] messages =
            [
                Assert.Throws<InvalidOperationException>(() => connection.BeginTransaction()).Message,
                (
                    await Assert.ThrowsAsync<InvalidOperationException>(async () =>
                        await connection.BeginTransactionAsync()
                    )
                ).Message,
            ];
            Assert.All(messages, message => Assert.Contains("\"savepoint x\"", message, StringComparison.Ordinal));

            connection.Run("insert into t values(1)");
            connection.Run("savepoint x");
            connection.Run("insert into t values(2)");
            connection.Run("rollback to x");
            connection.Run("release x");
        });
        using SqlitePoolConnection after = await _pool.RentAsync();
        Assert.Equal("1", after.Ask("select group_concat(value) from t"));
    }

    [Fact]
    public void A_transaction_disposed_without_a_commit_is_rolled_back()
    {
        using (_connection.BeginTransaction())
        {
            _connection.Run("insert into t values(1)");
        }

        Assert.Equal("0", Count);
    }

    [Fact]
    public void A_savepoint_undoes_a_part()
    {
        using SqlitePoolTransaction transaction = _connection.BeginTransaction();
        Assert.True(transaction.SupportsSavepoints);
        _connection.Run("insert into t values(1)");
        transaction.Save("one");
        _connection.Run("insert into t values(2)");
        transaction.Save("two");
        _connection.Run("insert into t values(3)");
        transaction.Release("two");
        transaction.Rollback("one");
        transaction.Commit();

        Assert.Equal("1", Count);
    }

    [Fact]
    public void It_is_immediate_unless_it_is_asked_to_be_deferred()
    {
        using SqliteConnection other = _database.OpenDirectly("Default Timeout=1");
        other.Run("PRAGMA busy_timeout=0");
        using (_connection.BeginTransaction(deferred: true))
        {
            other.Run("insert into t values(1)");
        }

        using (_connection.BeginTransaction())
        {
            SqliteException error = Assert.Throws<SqliteException>(() => other.Run("insert into t values(2)"));
            Assert.Equal(5, error.SqliteErrorCode);
        }
    }

    [Theory]
    [InlineData(IsolationLevel.Unspecified)]
    [InlineData(IsolationLevel.ReadUncommitted)]
    [InlineData(IsolationLevel.ReadCommitted)]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public void Every_isolation_level_becomes_serializable(IsolationLevel level)
    {
        using SqlitePoolTransaction transaction = _connection.BeginTransaction(level);

        Assert.Equal(IsolationLevel.Serializable, transaction.IsolationLevel);
        Assert.Same(_connection, transaction.Connection);
    }

    [Fact]
    public void A_second_transaction_on_the_same_lease_is_refused()
    {
        using SqlitePoolTransaction transaction = _connection.BeginTransaction();

        Assert.Throws<InvalidOperationException>(() => _connection.BeginTransaction());
    }

    [Fact]
    public void An_ended_transaction_can_do_nothing_more()
    {
        SqlitePoolTransaction transaction = _connection.BeginTransaction();
        transaction.Commit();

        Assert.Throws<InvalidOperationException>(transaction.Commit);
        Assert.Throws<InvalidOperationException>(transaction.Rollback);
        Assert.Throws<InvalidOperationException>(() => transaction.Save("x"));
        Assert.Null(transaction.Connection);
        transaction.Dispose();
        transaction.Dispose();
    }

    [Fact]
    public void A_command_made_in_a_transaction_is_of_it()
    {
        using SqlitePoolTransaction transaction = _connection.BeginTransaction();
        using SqlitePoolCommand command = _connection.CreateCommand("select 1");

        Assert.Same(transaction, command.Transaction);
        Assert.Equal(1L, command.ExecuteScalar());
    }

    [Fact]
    public void A_refused_commit_leaves_the_transaction_open_to_be_rolled_back()
    {
        _connection.Run(
            "create table parent(id integer primary key);"
                + "create table child(id int references parent(id) deferrable initially deferred)"
        );
        using SqlitePoolTransaction transaction = _connection.BeginTransaction();
        _connection.Run("insert into child values(99)");

        Assert.Throws<SqliteException>(transaction.Commit);
        Assert.Same(_connection, transaction.Connection);
        transaction.Rollback();

        Assert.Equal("0", _connection.Ask("select count(*) from child"));
    }

    public void Dispose()
    {
        _connection.Dispose();
        _pool.Dispose();
        _database.Dispose();
    }
}
