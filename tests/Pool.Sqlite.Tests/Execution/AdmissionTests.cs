using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>Which statement waits for the right to write follows from what SQLite says that it writes.</summary>
public sealed class AdmissionTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public AdmissionTests()
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.FromMinutes(10);
        _pool = new SqlitePool(options);
        using SqlitePoolConnection lease = _pool.Rent();
        lease.Run("create table t(a)");
        lease.Run("insert into t values (1), (2), (3)");
    }

    public static TheoryData<object> Values =>
        [1, 1.5f, 1.5m, "text", new DateTime(2026, 1, 2), Guid.Empty, TimeSpan.FromSeconds(1), new byte[] { 1 }];

    public static TheoryData<string> Harmless =>
        [
            "explain insert into t values (1)",
            "explain query plan delete from t",
            "pragma journal_mode",
            "pragma user_version",
            "create temp table made(x); insert into made values (1); update made set x = 2",
            "create table temp.made(x); insert into made values (1)",
            "attach ':memory:' as aside; create table aside.made(x); insert into aside.made values (1)",
            "pragma temp.user_version = 3",
            "select * from t",
            "begin",
            "savepoint s",
        ];

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    [Theory]
    [MemberData(nameof(Harmless))]
    public void What_does_not_write_the_database_waits_neither_for_the_gate_nor_for_a_stranger(string sql)
    {
        using SqliteConnection stranger = _database.OpenDirectly();
        stranger.Run("begin immediate; insert into t values (9)");
        using SqlitePoolConnection lease = _pool.Rent();
        lease.Run(sql);
        lease.Retire();

        stranger.Run("rollback");
        using SqlitePoolConnection writer = _pool.RentWriter();
        using SqlitePoolConnection other = _pool.Rent();
        other.Run(sql);
    }

    [Theory]
    [MemberData(nameof(Harmless))]
    public void It_runs_on_an_old_snapshot_as_well(string sql)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using DbDataReader reader = lease.CreateCommand("select a from t").ExecuteReader();
        Assert.True(reader.Read());
        using (SqlitePoolConnection other = _pool.Rent())
        {
            other.Run("insert into t values (4)");
        }

        lease.Run(sql);
        lease.Retire();
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_write_behind_an_open_reader_with_an_old_state_fails_at_once_and_names_it(object value)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using DbDataReader reader = lease.CreateCommand("select a from t /* half read */").ExecuteReader();
        Assert.True(reader.Read());
        using SqlitePoolConnection other = _pool.Rent();
        other.Run("insert into t values (4)");
        foreach (string sql in (string[])["insert into t values ($v)", "insert into t values ($v) returning a"])
        {
            using SqlitePoolCommand command = lease.CreateCommand(sql);
            command.Parameters.AddWithValue("$v", value);
            foreach (
                Func<Task> run in (Func<Task>[])
                    [
                        () => command.ExecuteNonQueryAsync(),
                        () => command.ExecuteScalarAsync(),
                        () => command.ExecuteReaderAsync(),
                        () => Task.Run(command.ExecuteNonQuery),
                        () => Task.Run(command.ExecuteReader),
                    ]
            )
            {
                SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() => run().Limited());
                Assert.Equal(517, refused.SqliteExtendedErrorCode);
                Assert.Contains("half read", refused.Message, StringComparison.Ordinal);
            }

            Assert.Equal(1, other.Run("insert into t values (5)"));
        }
    }

    [Theory]
    [InlineData("pragma wal_checkpoint", "CheckpointAsync")]
    [InlineData("pragma optimize", "reader lease")]
    [InlineData("pragma journal_mode = delete", "reader lease")]
    public void A_reader_lease_refuses_clearly(string sql, string word)
    {
        using SqlitePoolConnection reader = _pool.RentReader();
        Assert.Contains(
            word,
            Assert.Throws<InvalidOperationException>(() => reader.Run(sql)).Message,
            StringComparison.Ordinal
        );
        Assert.Equal("wal", reader.Ask("pragma journal_mode"));
    }

    [Fact]
    public async Task A_busy_timeout_is_the_pools_and_can_be_asked_for_and_changed()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        Assert.Equal("600000", lease.Ask("pragma busy_timeout"));
        Assert.Equal("150", lease.Ask("pragma busy_timeout = 150"));
        Assert.Equal("150", lease.Ask("pragma busy_timeout"));
        using SqliteConnection stranger = _database.OpenDirectly();
        stranger.Run("begin immediate");
        using SqlitePoolCommand insert = lease.CreateCommand("insert into t values (1)");
        insert.CommandTimeout = 0;
        Stopwatch time = Stopwatch.StartNew();

        // With the pool's own it would stay far beyond the limit.
        Task<int> waits = Limit.OnThread(insert.ExecuteNonQuery);
        SqliteException busy = await Assert.ThrowsAsync<SqliteException>(() => waits.Limited());
        Assert.Equal(5, busy.SqliteErrorCode);
        Assert.True(time.Elapsed >= TimeSpan.FromMilliseconds(140), $"It gave up after {time.Elapsed}.");
    }

    [Fact]
    public async Task Extended_result_codes_are_recognised()
    {
        SqlitePoolOptions options = _database.Options();
        options.ConnectionOpened = connection => raw.sqlite3_extended_result_codes(connection.Handle, 1);
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        using DbDataReader reader = lease.CreateCommand("select a from t").ExecuteReader();
        Assert.True(reader.Read());
        using (SqlitePoolConnection other = pool.Rent())
        {
            other.Run("insert into t values (4)");
        }

        Assert.Contains(
            "Waiting does not help",
            Assert.Throws<SqliteException>(() => lease.Run("insert into t values (5)")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_read_that_waits_for_a_lock_can_be_cancelled_and_has_a_limit()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options();
        options.Pragmas.JournalMode = JournalMode.Delete;
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(a)");
        lease.Run("insert into t values (1), (2), (3)");
        Assert.Equal("3", lease.Ask("select count(*) from t"));
        using SqliteConnection stranger = database.OpenDirectly();
        stranger.Run("begin exclusive");
        using SqlitePoolCommand command = lease.CreateCommand("select count(*) from t");
        using CancellationTokenSource stop = new();
        Task<object?> read = command.ExecuteScalarAsync(stop.Token);
        Assert.False(read.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => read.Limited());

        Task<object?> blocking = Limit.OnThread(() => command.ExecuteScalar());
        await Limit.Until(() =>
        {
            command.Cancel();
            return blocking.IsCompleted;
        });
        await Assert.ThrowsAsync<OperationCanceledException>(() => blocking);
        command.CommandTimeout = 1;
        Assert.Equal(5, Assert.Throws<SqliteException>(() => command.ExecuteScalar()).SqliteErrorCode);

        command.CommandTimeout = 0;
        Task<object?> waits = command.ExecuteScalarAsync();
        stranger.Run("rollback");
        Assert.Equal(3L, await waits.Limited());
    }

    [Fact]
    public async Task A_reader_of_written_rows_whose_commit_meets_a_reader_waits_for_it()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options();
        options.Pragmas.JournalMode = JournalMode.Delete;
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(a)");
        lease.Run("insert into t values (1), (2), (3)");
        Assert.Equal("3", lease.Ask("select count(*) from t"));
        using SqliteConnection outside = database.OpenDirectly();
        outside.Run("begin");
        Assert.Equal("3", outside.Ask("select count(*) from t"));
        Task<DbDataReader> opening = lease.CreateCommand("insert into t values (7) returning a").ExecuteReaderAsync();
        Assert.False(opening.IsCompleted);
        outside.Run("commit");
        using DbDataReader reader = await opening.Limited();
        Assert.True(await reader.ReadAsync());
        Assert.Equal(7, reader.GetInt32(0));
        Assert.Equal("4", outside.Ask("select count(*) from t"));
    }

    [Fact]
    public void A_transaction_that_was_begun_through_the_drivers_object_is_the_leases()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using (SqliteTransaction transaction = lease.SqliteConnection.BeginTransaction())
        {
            Assert.Equal(1, lease.Run("insert into t values (1)"));
            Assert.Equal("4", lease.Ask("select count(*) from t"));
            using SqlitePoolCommand command = lease.CreateCommand("insert into t values ($v) returning a");
            command.Parameters.AddWithValue("$v", Guid.Empty);
            command.ExecuteReader().Dispose();
        }

        Assert.Equal("3", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public void Many_statements_take_a_time_that_grows_with_their_number_and_have_a_limit()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        string insert = string.Concat(Enumerable.Repeat("insert into t values (1);", 40_000));
        using (SqlitePoolTransaction transaction = lease.BeginTransaction())
        {
            Assert.Equal(40_000, lease.Run(insert));
        }

        using SqlitePoolCommand slow = lease.CreateCommand(
            string.Concat(
                Enumerable.Repeat(
                    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300) select count(*) from n;",
                    200_000
                )
            )
        );
        slow.CommandTimeout = 1;
        Assert.Contains(
            "CommandTimeout",
            Assert.Throws<SqliteException>(() => slow.ExecuteNonQuery()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Large_texts_are_not_kept_without_limit()
    {
        using SqlitePool pool = _database.OneConnection();
        using SqlitePoolConnection lease = pool.Rent();
        for (int i = 0; i < 60; i++)
        {
            lease.Ask($"select {i} /* {new string('x', 900_000)} */");
        }

        Assert.InRange(lease.PreparedStatements().Count(static sql => sql.Length > 900_000), 0, 20);
    }

    [Fact]
    public async Task A_cancelled_token_throws_exactly_what_ado_net_code_expects()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using SqlitePoolCommand command = lease.CreateCommand("select 1");
        CancellationToken cancelled = new(canceled: true);
        await Assert.ThrowsAsync<OperationCanceledException>(() => command.ExecuteNonQueryAsync(cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => command.ExecuteScalarAsync(cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => command.ExecuteReaderAsync(cancelled));
    }

    [Fact]
    public void Preparing_a_batch_reports_a_table_that_is_not_there()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using SqlitePoolCommand command = lease.CreateCommand("select 1; select * from missing");
        Assert.Contains(
            "no such table",
            Assert.Throws<SqliteException>(command.Prepare).Message,
            StringComparison.Ordinal
        );
    }
}
