using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>Connections that share a cache lock tables, which SQLite tells by other codes than a locked file.</summary>
public sealed class SharedCacheLockTests
{
    private readonly string _connectionString = $"Data Source=shared{Guid.NewGuid():N};Mode=Memory;Cache=Shared";

    [Theory]
    [InlineData("select count(*) from t", true)]
    [InlineData("select count(*) from t", false)]
    [InlineData("insert into t values (1)", true)]
    [InlineData("insert into t values (1)", false)]
    [InlineData("insert into t values (1)", true, true)]
    public async Task A_table_that_stays_locked_is_told_by_the_codes_that_the_driver_gives(
        string sql,
        bool async,
        bool extendedResultCodes = false
    )
    {
        SqlitePoolOptions options = new() { ConnectionString = _connectionString };
        options.ConnectionOpened = connection =>
            _ = raw.sqlite3_extended_result_codes(connection.Handle, extendedResultCodes ? 1 : 0);
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Run("create table t(a)");
        using SqliteConnection other = new(_connectionString + ";Pooling=False");
        other.Open();
        other.Run("begin; insert into t values (1)");
        using SqlitePoolCommand command = lease.CreateCommand(sql);
        command.CommandTimeout = 1;

        SqliteException locked = async
            ? await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteScalarAsync().Limited())
            : Assert.Throws<SqliteException>(() => command.ExecuteScalar());

        Assert.Equal(raw.SQLITE_LOCKED, locked.SqliteErrorCode);
        Assert.Equal(raw.SQLITE_LOCKED_SHAREDCACHE, locked.SqliteExtendedErrorCode);
        other.Run("commit");
        Assert.NotNull(await lease.CreateCommand("select count(*) from t").ExecuteScalarAsync());
    }

    [Fact]
    public async Task WriteAsync_runs_its_work_again_when_a_table_was_locked()
    {
        await using SqlitePool pool = new(_connectionString + ";Default Timeout=1");
        await pool.ExecuteAsync($"create table t(a)");
        using SqliteConnection other = new(_connectionString + ";Pooling=False");
        other.Open();
        int tries = 0;

        await pool.WriteAsync(async connection =>
            {
                if (tries++ == 0)
                {
                    other.Run("begin; select count(*) from t");
                }
                else if (tries == 2)
                {
                    other.Run("rollback");
                }

                await connection.CreateCommand("insert into t values (1)").ExecuteNonQueryAsync();
            })
            .Limited();

        Assert.Equal("1", other.Ask("select count(*) from t"));
        Assert.True(tries > 1);
    }
}
