using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

public sealed class LeakTests
{
    [Fact]
    public async Task A_lease_that_is_dropped_comes_back_is_counted_and_is_logged()
    {
        using TempDatabase database = new();
        TestLog log = new();
        SqlitePoolOptions options = database.Options(size: 1, overflow: 0);
        options.SlowThreshold = Timeout.InfiniteTimeSpan;
        await using SqlitePool pool = new(options, log);
        pool.Rent().Dispose();
        long lease = Drop(pool, "create table t(value int)");

        await CollectUntil(() => pool.GetStatistics().InUse == 0);

        using SqlitePoolConnection next = await pool.RentAsync().Limited();
        Assert.Equal("0", next.Ask("select count(*) from t"));
        Assert.Equal(1, pool.GetStatistics().Leaks);
        Assert.Equal(1, pool.GetStatistics().Misses);
        LogEntry warning = Assert.Single(log.Warnings);
        Assert.Contains($"lease {lease >> 32}-{lease & uint.MaxValue} ", warning.Text, StringComparison.Ordinal);
        Assert.Contains("without being disposed", warning.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("begin; insert into t values(1)")]
    [InlineData("begin immediate; insert into t values(1)")]
    public async Task Its_transaction_is_rolled_back(string sql)
    {
        using TempDatabase database = new();
        await using SqlitePool pool = database.OneConnection();
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int)");
        }

        Drop(pool, sql);
        await CollectUntil(() => pool.GetStatistics().InUse == 0);

        using SqlitePoolConnection next = await pool.RentAsync().Limited();
        Assert.Equal("0", next.Ask("select count(*) from t"));
        next.BeginTransaction().Commit();
    }

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    [InlineData(true, false, false)]
    [InlineData(true, true, true)]
    public async Task What_was_dropped_with_it_does_not_keep_it(bool transaction, bool command, bool reader)
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options(size: 1, overflow: 0);
        options.ShutdownTimeout = TimeSpan.Zero;
        await using SqlitePool pool = new(options);
        DropWith(pool, transaction, command, reader);
        await CollectUntil(() => pool.GetStatistics().InUse == 0);

        using SqlitePoolConnection next = await pool.RentAsync().Limited();
        next.Run("begin exclusive; rollback");
        Assert.Equal(1, pool.GetStatistics().Leaks);
    }

    [Fact]
    public async Task Somebody_who_waits_gets_the_connection_of_a_dropped_lease()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = database.OneConnection();
        StrongBox<SqlitePoolConnection?> held = Hold(pool);
        Task<SqlitePoolConnection> waiting = pool.RentAsync().AsTask();
        Assert.Equal(1, pool.GetStatistics().Waiting);

        // Only now: another test may collect at any time.
        held.Value = null;
        await CollectUntil(() => waiting.IsCompleted);

        (await waiting).Dispose();
    }

    [Fact]
    public async Task A_connection_that_was_opened_and_dropped_comes_back_too()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = database.OneConnection();
        OpenAndDrop(pool);

        await CollectUntil(() => pool.GetStatistics().InUse == 0);

        Assert.Equal(1, pool.GetStatistics().Leaks);
    }

    [Fact]
    public void A_lease_that_was_disposed_is_no_leak_when_it_is_collected()
    {
        using TempDatabase database = new();
        using SqlitePool pool = database.OneConnection();
        RentAndDispose(pool);

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(0, pool.GetStatistics().Leaks);
    }

    [Fact]
    public async Task A_lease_that_is_dropped_after_the_pool_was_closed_closes_its_file()
    {
        using TempDatabase database = new();
        SqlitePool pool = database.OneConnection();
        Drop(pool, "create table t(value int)");
        pool.Dispose();

        await CollectUntil(() => pool.GetStatistics().Open == 0 && database.OpenFiles().Length == 0);

        Assert.False(database.Exists("-wal"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Drop(SqlitePool pool, string sql)
    {
        SqlitePoolConnection connection = pool.Rent();
        connection.Run(sql);
        return connection.LeaseId;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static StrongBox<SqlitePoolConnection?> Hold(SqlitePool pool) => new(pool.Rent());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DropWith(SqlitePool pool, bool transaction, bool command, bool reader)
    {
        SqlitePoolConnection connection = pool.Rent();
        if (transaction)
        {
            connection.BeginTransaction();
            connection.Run("create table t(value int)");
        }

        if (command)
        {
            connection.CreateCommand("select 1").ExecuteScalar();
        }

        if (reader)
        {
            Assert.True(connection.CreateCommand("select 1 union all select 2").ExecuteReader().Read());
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OpenAndDrop(SqlitePool pool) => pool.CreateConnection().Open();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RentAndDispose(SqlitePool pool) => pool.Rent().Dispose();

    private static async Task CollectUntil(Func<bool> condition) =>
        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return condition();
        });
}
