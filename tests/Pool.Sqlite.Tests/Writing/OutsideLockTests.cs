using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>A connection that is not the pool's, as one of another process, holds SQLite's own lock.</summary>
public sealed class OutsideLockTests : GateTest
{
    // For a lease whose writes are to fail while the lock is held.
    private const string ShortWait = "PRAGMA busy_timeout=100";

    // One goes straight to the engine, the other by way of the driver.
    public static TheoryData<string, object> Inserts =>
        new()
        {
            { "insert into t(value) values ($a)", 1 },
            { "insert into t(value) values ($a)", 1.5m },
            { "insert into t(value) values ($a) returning id", 1 },
            { "insert into t(value) values ($a); insert into t(value) values ($a)", 1 },
            { "begin immediate; insert into t(value) values ($a); commit", 1 },
        };

    [Theory]
    [MemberData(nameof(Inserts))]
    public async Task A_write_waits_for_it_without_a_thread_and_then_succeeds(string sql, object value)
    {
        using SqliteConnection outside = Database.OpenDirectly();
        using SqlitePoolConnection lease = Pool.Rent();
        outside.Run("begin immediate");
        using SqlitePoolCommand command = Insert(lease, sql, value);
        Task<int> write = command.ExecuteNonQueryAsync();
        Assert.False(write.IsCompleted);
        outside.Run("commit");
        await write.Limited();
        AssertFree();
    }

    [Theory]
    [MemberData(nameof(Inserts))]
    public async Task A_write_that_waited_long_enough_fails_as_busy(string sql, object value)
    {
        using SqliteConnection outside = Database.OpenDirectly();
        using SqlitePoolConnection lease = Pool.Rent();
        lease.Run(ShortWait);
        outside.Run("begin immediate");
        using SqlitePoolCommand command = Insert(lease, sql, value);
        Assert.Equal(
            5,
            (await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteNonQueryAsync().Limited())).SqliteErrorCode
        );
        Assert.Equal(5, Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).SqliteErrorCode);
        outside.Run("commit");
        AssertFree();
        Assert.Equal("1", Count);
        command.ExecuteNonQuery();
    }

    [Theory]
    [InlineData("insert into t(value) values (1)")]
    [InlineData("insert into t(value) values (1) returning id")]
    [InlineData("insert into t(value) values (1); select 1")]
    [InlineData("create table other(x)")]
    [InlineData("pragma user_version = 7")]
    [InlineData("create table other(x); insert into other values (1)")]
    public async Task One_call_of_the_pool_waits_for_it_whatever_it_writes(string sql)
    {
        foreach (
            Action<SqliteConnection>? opened in (Action<SqliteConnection>?[])[null, AskForExtendedCodes, AddFunction]
        )
        {
            using TempDatabase database = new();
            SqlitePoolOptions options = database.Options();
            options.ConnectionOpened = opened;
            await using SqlitePool pool = new(options);
            await pool.ExecuteAsync($"create table t(id integer primary key, value)");
            using SqliteConnection outside = database.OpenDirectly();
            outside.Run("begin immediate");
            Task write = pool.ExecuteAsync(FormattableStringFactory.Create(sql));
            Task work = pool.WriteAsync(connection =>
                connection.CreateCommand("insert into t(value) values (2)").ExecuteNonQueryAsync()
            );
            await Limit.Until(() => write.IsCompleted || pool.GetStatistics().WriteGateWaiting == 1);
            Assert.False(write.IsCompleted, $"{write.Exception}");
            Assert.False(work.IsCompleted, $"{work.Exception}");
            outside.Run("commit");
            await write.Limited();
            await work.Limited();
        }

        static void AskForExtendedCodes(SqliteConnection connection) =>
            raw.sqlite3_extended_result_codes(connection.Handle!, 1);

        static void AddFunction(SqliteConnection connection) => connection.CreateFunction("f", static () => 1);
    }

    [Fact]
    public async Task A_statement_of_the_pool_waits_for_it_also_where_functions_of_a_hook_may_be_called()
    {
        SqlitePoolOptions options = Database.Options();
        options.ConnectionOpened = static connection => connection.CreateFunction("one", static () => 1);
        await using SqlitePool pool = new(options);
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate");
        Task<int> write = pool.ExecuteAsync($"insert into t(value) values (one())");
        await Limit.Until(() => write.IsCompleted || pool.GetLeases().Any(static lease => lease.HoldsWriteGate));
        outside.Run("commit");
        Assert.Equal(1, await write.Limited());
    }

    [Fact]
    public async Task Beginning_waits_for_it_too()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        using SqlitePoolConnection lease = Pool.Rent();
        outside.Run("begin immediate");
        Task<SqlitePoolTransaction> begin = lease.BeginTransactionAsync().AsTask();
        Assert.False(begin.IsCompleted);
        outside.Run("commit");
        (await begin.Limited()).Dispose();
        lease.Run(ShortWait);
        outside.Run("begin immediate");
        await Assert.ThrowsAsync<SqliteException>(() => lease.BeginTransactionAsync().Limited());
        Assert.Throws<SqliteException>(() => lease.BeginTransaction());
        outside.Run("commit");
        AssertFree();
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_for_it()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        using SqlitePoolConnection lease = Pool.Rent();
        outside.Run("begin immediate");
        using CancellationTokenSource stop = new();
        Task<int> write = lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync(stop.Token);
        Task begin = Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        await stop.CancelAsync();
        await begin.Limited();
        outside.Run("commit");
        AssertFree();
    }

    [Theory]
    [InlineData("insert into t(value) values ($a)", 1)]
    [InlineData("insert into t(value) values ($a)", 1.5f)]
    [InlineData("insert into t(value) values ($a) returning id", 1)]
    public async Task A_snapshot_that_is_too_old_to_write_on_says_so_at_once(string sql, object value)
    {
        using SqliteConnection outside = Database.OpenDirectly();
        using SqlitePoolConnection lease = Pool.Rent();
        using SqlitePoolTransaction transaction = lease.BeginTransaction(deferred: true);
        Assert.Equal("0", lease.Ask("select count(*) from t"));
        outside.Run("insert into t(value) values ('newer')");
        using SqlitePoolCommand command = Insert(lease, sql, value);

        // The driver alone would try again for all of this time, which here has no end.
        command.CommandTimeout = 0;
        SqliteException old = await Assert.ThrowsAsync<SqliteException>(() =>
            Limit.OnThread(command.ExecuteNonQuery).Limited()
        );
        Assert.Equal(5, old.SqliteErrorCode);
        Assert.Equal(517, old.SqliteExtendedErrorCode);
        transaction.Rollback();
        AssertFree();
        await using SqlitePoolTransaction again = lease.BeginTransaction();
        lease.Run("insert into t(value) values (1)");
        again.Commit();
    }

    [Theory]
    [InlineData("insert into t(value) values ($a)", 1)]
    [InlineData("insert into t(value) values ($a)", 1.5f)]
    [InlineData("insert into t(value) values ($a) returning id", 1)]
    public async Task The_first_write_of_a_deferred_transaction_waits_for_it(string sql, object value)
    {
        using SqliteConnection outside = Database.OpenDirectly();
        using SqlitePoolConnection lease = Pool.Rent();
        using SqlitePoolTransaction transaction = lease.BeginTransaction(deferred: true);
        Assert.Equal("0", lease.Ask("select count(*) from t"));
        outside.Run("begin immediate");
        using SqlitePoolCommand command = Insert(lease, sql, value);
        command.CommandTimeout = 60;

        // It must come back without waiting in the thread.
        long start = Environment.TickCount64;
        Task<int> write = command.ExecuteNonQueryAsync();
        bool waits = !write.IsCompleted;
        outside.Run("rollback");
        Assert.True(
            waits,
            $"It waited in the thread, for {Environment.TickCount64 - start} ms, and came to {write.Exception?.Message}."
        );
        await write.Limited();
        transaction.Commit();
        Assert.Equal("1", Count);
    }

    [Fact]
    public void Reading_does_not_mind_it()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        outside.Run("begin immediate; insert into t(value) values (1)");
        using SqlitePoolConnection lease = Pool.Rent();
        Assert.Equal("0", lease.Ask("select count(*) from t"));
        outside.Run("commit");
        Assert.Equal("1", lease.Ask("select count(*) from t"));
    }

    private static SqlitePoolCommand Insert(SqlitePoolConnection lease, string sql, object value)
    {
        SqlitePoolCommand command = lease.CreateCommand(sql);
        command.Parameters.AddWithValue("$a", value);
        return command;
    }
}

/// <summary>Timeouts of commands, which are shorter than that of the pool.</summary>
public sealed class GateTimeoutTests() : GateTest(busyTimeout: TimeSpan.FromMinutes(5))
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_commands_timeout_limits_the_wait_for_the_gate(bool async)
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        using SqlitePoolTransaction transaction = holder.BeginTransaction();
        using SqlitePoolCommand command = lease.CreateCommand("insert into t(value) values (1)");
        command.CommandTimeout = 1;
        long start = Environment.TickCount64;
        SqliteException late = await Assert.ThrowsAsync<SqliteException>(() =>
            async
                ? OtherFlow.Run(() => command.ExecuteNonQueryAsync().Limited())
                : Limit.OnThread(command.ExecuteNonQuery).Limited()
        );
        Assert.Equal(5, late.SqliteErrorCode);
        Assert.True(Environment.TickCount64 - start >= 900, "It did not wait.");
        Assert.NotEmpty(late.Message);
        transaction.Commit();
        AssertFree();
    }

    [Fact]
    public async Task A_reader_that_writes_waits_in_turn_as_well()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        using SqlitePoolCommand command = lease.CreateCommand("insert into t(value) values (1) returning id");
        Task<DbDataReader> open = OtherFlow.Run(() => command.ExecuteReaderAsync());
        Assert.False(open.IsCompleted);
        transaction.Commit();
        await using (DbDataReader reader = await open.Limited())
        {
            Assert.True(await reader.ReadAsync());
            await AssertComesFree();
        }
    }
}
