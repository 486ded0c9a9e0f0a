using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>However a write ends, the next one goes in at once, also while the lease is still out.</summary>
public sealed class GateIsFreedTests : GateTest
{
    [Theory]
    [InlineData("insert into rule values (-1)")]
    [InlineData("insert into rule values (-1) returning value")]
    [InlineData("insert into rule values (1); insert into rule values (-1)")]
    [InlineData("insert into missing values (1)")]
    [InlineData("selec 1; insert into rule values (1)")]
    [InlineData("create table t(x)")]
    [InlineData("create table made(x); insert into missing values (1)")]
    public async Task A_statement_that_fails_lets_it_go(string sql)
    {
        using SqlitePoolConnection lease = Pool.Rent();
        Assert.Throws<SqliteException>(() => lease.Run(sql));
        AssertFree();
        await Assert.ThrowsAsync<SqliteException>(() => lease.CreateCommand(sql).ExecuteNonQueryAsync());
        AssertFree();
        await Assert.ThrowsAsync<SqliteException>(() => lease.CreateCommand(sql).ExecuteReaderAsync());
        AssertFree();
    }

    [Fact]
    public void A_statement_without_all_its_values_lets_it_go()
    {
        using SqlitePoolConnection lease = Pool.Rent();
        Assert.Throws<InvalidOperationException>(() => lease.Run("insert into t(value) values ($a)"));
        AssertFree();
    }

    [Fact]
    public async Task What_fails_after_the_wait_lets_it_go()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int> create = OtherFlow.Run(() => lease.CreateCommand("create table made(x)").ExecuteNonQueryAsync());
        Assert.False(create.IsCompleted);
        holder.Run("create table made(x)");
        transaction.Commit();

        // There is such a table now: it cannot even be prepared any more.
        AssertExists(await Assert.ThrowsAsync<SqliteException>(() => create.Limited()));
        AssertFree();
    }

    [Fact]
    public async Task What_fails_after_a_blocking_wait_lets_it_go()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int> create = Limit.OnThread(() => lease.Run("create table made(x)"));
        await Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
        holder.Run("create table made(x)");
        transaction.Commit();
        AssertExists(await Assert.ThrowsAsync<SqliteException>(() => create.Limited()));
        AssertFree();
    }

    [Fact]
    public async Task A_command_whose_transaction_is_over_after_the_wait_lets_it_go()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        SqlitePoolTransaction deferred = lease.BeginTransaction(deferred: true);
        Task<int> write = OtherFlow.Run(() =>
            lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync()
        );
        Assert.False(write.IsCompleted);
        deferred.Rollback();
        transaction.Commit();
        await Assert.ThrowsAsync<InvalidOperationException>(() => write.Limited());
        AssertFree();
    }

    [Fact]
    public void A_transaction_that_nobody_commits_lets_it_go()
    {
        using SqlitePoolConnection lease = Pool.Rent();
        using (lease.BeginTransaction())
        {
            lease.Run("insert into t(value) values (1)");
        }

        AssertFree();
        Assert.Equal("1", Count);
    }

    [Fact]
    public async Task A_commit_that_is_refused_keeps_it_until_the_rollback()
    {
        using SqlitePoolConnection lease = Pool.Rent();
        lease.Run("create table late(id int references t(id) deferrable initially deferred)");
        SqlitePoolTransaction transaction = lease.BeginTransaction();
        lease.Run("insert into late values (99)");
        Assert.Equal(19, Assert.Throws<SqliteException>(transaction.Commit).SqliteErrorCode);
        await AssertHeld();
        transaction.Dispose();
        AssertFree();
    }

    [Theory]
    [InlineData("begin immediate", false)]
    [InlineData("begin; insert into t(value) values (1)", false)]
    [InlineData("begin immediate", true)]
    public void A_lease_that_goes_back_with_an_open_transaction_lets_it_go(string begin, bool retires)
    {
        using (SqlitePoolConnection lease = Pool.Rent())
        {
            lease.Run(begin);
            if (retires)
            {
                lease.Retire();
            }
        }

        AssertFree();
        Assert.Equal("1", Count);
    }

    [Fact]
    public void A_lease_that_goes_back_with_a_reader_of_written_rows_lets_it_go()
    {
        using (SqlitePoolConnection lease = Pool.Rent())
        {
            DbDataReader reader = lease
                .CreateCommand("insert into t(value) values (1), (2) returning id")
                .ExecuteReader();
            Assert.True(reader.Read());
        }

        AssertFree();
    }

    [Fact]
    public async Task Who_stops_waiting_is_not_waited_for()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        using CancellationTokenSource stop = new();
        Task<int> cancelled = OtherFlow.Run(() =>
            lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync(stop.Token)
        );
        Assert.False(cancelled.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());

        // For those that are to come too late.
        lease.Run("PRAGMA busy_timeout=100");
        SqliteException late = await OtherFlow.Run(() =>
            Assert.ThrowsAsync<SqliteException>(() =>
                lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync().Limited()
            )
        );
        Assert.Equal(5, late.SqliteErrorCode);
        OtherFlow.Run(() =>
        {
            Assert.Equal(
                5,
                Assert.Throws<SqliteException>(() => lease.Run("insert into t(value) values (1)")).SqliteErrorCode
            );
            Assert.Equal(5, Assert.Throws<SqliteException>(() => lease.BeginTransaction()).SqliteErrorCode);
        });
        transaction.Commit();
        AssertFree();
        Assert.Equal("1", Count);
    }

    [Fact]
    public async Task A_lease_that_goes_back_while_its_write_waits_is_not_waited_for()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int> write;
        using (SqlitePoolConnection lease = Pool.Rent())
        {
            write = OtherFlow.Run(() => lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync());
        }

        transaction.Commit();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => write.Limited());
        AssertFree();
    }

    [Fact]
    public async Task A_begin_that_is_cancelled_while_it_waits_lets_it_go()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        using CancellationTokenSource stop = new();
        Task begin = OtherFlow.Run(() => lease.BeginTransactionAsync(stop.Token).AsTask());
        Assert.False(begin.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begin.Limited());
        transaction.Commit();
        AssertFree();
        using SqlitePoolTransaction usable = lease.BeginTransaction();
    }

    private static void AssertExists(SqliteException refused) =>
        Assert.Contains("table made already exists", refused.Message, StringComparison.Ordinal);
}
