using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>
/// A private memory database is its one connection, so that is not closed while the pool is open, whatever another
/// connection would be closed for.
/// </summary>
public sealed class MemoryDatabaseIsKeptTests : IDisposable
{
    private const int NotClean = 28;
    private const int Lost = 27;

    private readonly TestLog _log = new();
    private readonly SqlitePoolOptions _options = new() { ConnectionString = "Data Source=:memory:" };
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task After_Retire()
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection lease = pool.Rent())
        {
            lease.Retire();
        }

        using (SqlitePoolConnection writer = pool.RentWriter())
        {
            writer.Retire();
        }

        await AssertKept(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_reader_that_was_left_open_on_the_driver_s_object(bool inTransaction)
    {
        await using SqlitePool pool = await MakePool();
        SqliteDataReader? reader;
        using (SqlitePoolConnection lease = pool.Rent())
        {
            SqliteCommand command = lease.SqliteConnection.CreateCommand();
            if (inTransaction)
            {
                command.Transaction = lease.SqliteConnection.BeginTransaction();
            }

            command.CommandText = "insert into t values (10), (11) returning a";
            reader = command.ExecuteReader();
            Assert.True(reader.Read());
        }

        await AssertKept(pool, inTransaction ? 1 : 3);
        Assert.Throws<ObjectDisposedException>(() => reader.Read());
        using SqlitePoolConnection next = pool.Rent();
        next.Run("drop table t");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_returning_hook_that_says_no(bool throws)
    {
        bool refuses = false;
        _options.Returning = _ => !refuses || (throws ? throw new InvalidDataException("no") : false);
        await using SqlitePool pool = await MakePool();
        refuses = true;
        pool.Rent().Dispose();
        pool.Rent().Dispose();

        await AssertKept(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_renting_hook_that_says_no_once_which_is_asked_again(bool throws)
    {
        int refusals = 0;
        _options.Renting = _ => refusals-- != 1 || (throws ? throw new InvalidDataException("no") : false);
        await using SqlitePool pool = await MakePool();
        refusals = 1;
        using (SqlitePoolConnection lease = await pool.RentAsync().AsTask().Limited())
        {
            Assert.Equal("1", lease.Ask("select count(*) from t"));
        }

        refusals = 1;
        await AssertKept(pool);
    }

    [Fact]
    public async Task After_hooks_that_leave_a_reader_open_which_is_ended()
    {
        bool rents = false;
        bool returns = false;
        _options.Renting = connection => Leave(connection, ref rents);
        _options.Returning = connection => Leave(connection, ref returns);
        await using SqlitePool pool = await MakePool();
        rents = returns = true;

        await AssertKept(pool);
        Assert.False(rents || returns);
        using SqlitePoolConnection next = pool.Rent();
        next.Run("drop table t");

        static bool Leave(SqliteConnection connection, ref bool leaves)
        {
            if (leaves)
            {
                leaves = false;
                SqliteCommand command = connection.CreateCommand();
                command.CommandText = "select a from t union all select 2";
                Assert.True(command.ExecuteReader().Read());
            }

            return true;
        }
    }

    [Fact]
    public async Task After_every_time_that_passes()
    {
        _options.MaxLifetime = _options.IdleTimeout = _options.OverflowIdleTimeout = TimeSpan.FromSeconds(1);
        _options.ProbeAfterIdle = _options.HealthCheckInterval = TimeSpan.FromSeconds(1);
        await using SqlitePool pool = await MakePool();
        for (int i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromHours(1));
            await AssertKept(pool);
        }
    }

    [Fact]
    public async Task What_cannot_be_undone_is_said_and_the_gate_is_free()
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection writer = pool.RentWriter())
        {
            // An authorizer of the caller's own, which refuses to end the transaction.
            SQLitePCL.strdelegate_authorizer refuses = static (_, action, _, _, _, _) =>
                action == SQLitePCL.raw.SQLITE_TRANSACTION ? SQLitePCL.raw.SQLITE_DENY : SQLitePCL.raw.SQLITE_OK;
            writer.Run("begin");
            SQLitePCL.raw.sqlite3_set_authorizer(writer.Native(), refuses, null);
        }

        LogEntry warning = Assert.Single(_log.Warnings);
        Assert.Equal((LogLevel.Warning, NotClean), (warning.Level, warning.Id));
        using SqlitePoolConnection next = pool.Rent();
        SQLitePCL.raw.sqlite3_set_authorizer(next.Native(), (SQLitePCL.strdelegate_authorizer?)null, null);
        next.Run("rollback");
        Assert.Equal("1", next.Ask("select count(*) from t"));
        next.Dispose();
        await AssertKept(pool, warnings: 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_caller_s_code_closes_it_the_log_and_the_health_say_that_the_data_is_gone(
        bool afterwards
    )
    {
        await using SqlitePool pool = await MakePool();
        SqlitePoolConnection lease = pool.Rent();
        SqliteConnection driver = lease.SqliteConnection;
        if (!afterwards)
        {
            driver.Close();
        }

        lease.Dispose();
        if (afterwards)
        {
            driver.Close();
        }

        SqliteException error = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.ExecuteAsync($"insert into t values (2)")
        );
        Assert.Contains("no such table", error.Message, StringComparison.Ordinal);
        Assert.Contains(_log.Warnings, static entry => entry.Id == Lost);
        SqlitePoolHealth health = pool.GetHealth();
        Assert.Equal(SqlitePoolStatus.Critical, health.Status);
        Assert.Contains(
            health.Reasons,
            static reason => reason.Contains("memory database was lost", StringComparison.Ordinal)
        );
        _time.Advance(TimeSpan.FromHours(1));
        Assert.DoesNotContain(
            pool.GetHealth().Reasons,
            static reason => reason.Contains("memory database was lost", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_pool_that_is_closed_after_its_connection_was_closed_by_the_caller_s_code_has_lost_nothing()
    {
        SqlitePool pool = await MakePool();
        SqliteConnection driver;
        using (SqlitePoolConnection lease = pool.Rent())
        {
            driver = lease.SqliteConnection;
        }

        driver.Close();
        await pool.DisposeAsync();
        Assert.Empty(_log.Warnings);
    }

    public void Dispose() => _log.Dispose();

    private async Task<SqlitePool> MakePool()
    {
        SqlitePool pool = new(_options, _log, _time);
        await pool.ExecuteAsync($"create table t(a)");
        await pool.ExecuteAsync($"insert into t values (1)");
        return pool;
    }

    private async Task AssertKept(SqlitePool pool, int rows = 1, int warnings = -1)
    {
        Assert.Equal(rows, await pool.ExecuteScalarAsync<long>($"select count(*) from t"));
        using (SqlitePoolConnection writer = await pool.RentWriterAsync().AsTask().Limited())
        {
            writer.Run("create temp table if not exists other(a); drop table other");
        }

        SqlitePoolStatistics statistics = pool.GetStatistics();
        Assert.Equal((1L, 1, 0L), (statistics.Misses, statistics.Open, statistics.ClosedByRetire));
        Assert.DoesNotContain(_log.Warnings, static entry => entry.Id == Lost);
        if (warnings >= 0)
        {
            Assert.Equal(warnings, _log.Warnings.Length);
        }
    }
}
