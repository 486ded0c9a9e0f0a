using System.Data.Common;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>How long the write gate is held: exactly until the connection is back in autocommit.</summary>
public sealed class GateIsHeldTests : GateTest
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task A_transaction_holds_it_until_it_ends(bool commits, bool async)
    {
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = async ? await lease.BeginTransactionAsync() : lease.BeginTransaction();
        await AssertHeld();
        lease.Run("insert into t(value) values (1)");
        await AssertHeld();
        Task<int> other = Write();
        Assert.False(other.IsCompleted);
        if (async)
        {
            await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
        }
        else if (commits)
        {
            transaction.Commit();
        }
        else
        {
            transaction.Rollback();
        }

        Assert.Equal(1, await other.Limited());
        AssertFree();
        Assert.Equal(commits ? "3" : "2", Count);
    }

    [Theory]
    [InlineData("begin immediate", "commit")]
    [InlineData("begin exclusive", "rollback")]
    [InlineData("begin immediate; insert into t(value) values (1)", "insert into t(value) values (2); commit")]
    public async Task A_transaction_begun_and_ended_in_SQL_holds_it(string begin, string end)
    {
        using SqlitePoolConnection lease = Pool.Rent();
        lease.Run(begin);
        await AssertHeld();
        lease.Run("update t set value = 2");
        Assert.Equal("1", lease.Ask("select 1"));
        await AssertHeld();
        lease.Run(end);
        AssertFree();
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("savepoint s")]
    public async Task A_deferred_transaction_takes_it_at_its_first_write(string begin)
    {
        using SqlitePoolConnection lease = Pool.Rent();
        lease.Run(begin);
        AssertFree();
        Assert.Equal("1", lease.Ask("select count(*) from t"));
        lease.Run("insert into t(value) values (1)");
        await AssertHeld();
        lease.Run(begin == "begin" ? "commit" : "release s");
        AssertFree();
    }

    [Fact]
    public async Task A_deferred_transaction_of_ADO_takes_it_at_its_first_write_and_waits_in_turn()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = lease.BeginTransaction(deferred: true);
        SqlitePoolTransaction other = holder.BeginTransaction();
        Task<int> write = OtherFlow.Run(() =>
            lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync()
        );
        Assert.False(write.IsCompleted);
        other.Commit();
        Assert.Equal(1, await write.Limited());
        await AssertHeld();
        transaction.Rollback();
        AssertFree();
    }

    [Fact]
    public async Task Savepoints_inside_a_transaction_do_not_let_it_go()
    {
        using SqlitePoolConnection lease = Pool.Rent();
        using SqlitePoolTransaction transaction = lease.BeginTransaction();
        transaction.Save("a");
        lease.Run("insert into t(value) values (1)");
        transaction.Rollback("a");
        await AssertHeld();
        transaction.Release("a");
        await AssertHeld();
        transaction.Commit();
        AssertFree();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_of_rows_that_were_written_does_not_hold_it(bool async)
    {
        using SqlitePoolConnection lease = Pool.Rent();
        lease.Run("insert into t(value) values (1), (2)");
        using SqlitePoolCommand command = lease.CreateCommand("update t set value = value + 1 returning value");
        DbDataReader reader = async ? await command.ExecuteReaderAsync() : command.ExecuteReader();
        AssertFree();
        Assert.True(reader.Read());
        Assert.Equal(2, reader.GetInt32(0));
        AssertFree();
        Assert.True(reader.Read());
        Assert.Equal(3, reader.GetInt32(0));
        await reader.DisposeAsync();
        Assert.Equal("5", lease.Ask("select sum(value) from t where value between 1 and 9"));
    }

    [Fact]
    public void Reading_never_takes_it()
    {
        using SqlitePoolConnection writer = Pool.RentWriter();
        using SqlitePoolConnection lease = Pool.Rent();
        Assert.Equal("0", lease.Ask("select count(*) from t"));
        using (SqlitePoolTransaction transaction = lease.BeginTransaction(deferred: true))
        {
            Assert.Equal("0", lease.Ask("select count(*) from t"));
            transaction.Commit();
        }

        using SqlitePoolCommand command = lease.CreateCommand("select * from t");
        using DbDataReader reader = command.ExecuteReader();
        Assert.False(reader.Read());
    }

    [Fact]
    public async Task A_statement_that_undoes_its_transaction_by_itself_lets_it_go()
    {
        using SqlitePoolConnection lease = Pool.Rent();
        lease.Run("insert into t values (1, 'x')");
        SqlitePoolTransaction transaction = lease.BeginTransaction();
        lease.Run("insert into t values (2, 'y')");
        await AssertHeld();
        Assert.ThrowsAny<DbException>(() => lease.Run("insert or rollback into t values (1, 'again')"));
        AssertFree();
        Assert.Throws<InvalidOperationException>(() => lease.Run("insert into t values (3, 'z')"));
        AssertFree();
        transaction.Dispose();
        AssertFree();
        Assert.Equal("4", Count);
    }
}
