using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>
/// Connections that share a cache are in each other's way by locks of their own, which SQLite tells by extended codes.
/// </summary>
public sealed class RestoreIntoMemoryTests : RestoreTest
{
    private readonly string _connectionString = $"Data Source=restored{Guid.NewGuid():N};Mode=Memory;Cache=Shared";

    [Fact]
    public async Task Another_connection_that_is_in_the_way_is_named_by_a_primary_code_and_nothing_is_changed()
    {
        await using SqlitePool pool = await Filled(TimeSpan.FromMilliseconds(50));
        using SqliteConnection other = Outside();
        other.Run("begin immediate; insert into t values ('of another')");

        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.RestoreAsync(BackupFile.Path).Limited()
        );

        Assert.Equal(raw.SQLITE_LOCKED, refused.SqliteErrorCode);
        Assert.Contains("a connection outside this pool, used the database", refused.Message, StringComparison.Ordinal);
        other.Run("commit");
        Assert.Equal("3001", other.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Another_connection_that_is_in_the_way_is_waited_for()
    {
        await using SqlitePool pool = await Filled(TimeSpan.FromMinutes(5));
        using SqliteConnection other = Outside();
        other.Run("begin immediate; delete from t");

        Task restore = pool.RestoreAsync(BackupFile.Path);
        other.Run("commit");
        await restore.Limited();

        Assert.Equal("3000", other.Ask("select count(*) from t"));
    }

    private async Task<SqlitePool> Filled(TimeSpan busyTimeout)
    {
        SqlitePoolOptions options = new() { ConnectionString = _connectionString };
        options.Pragmas.BusyTimeout = busyTimeout;
        SqlitePool pool = new(options);
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        return pool;
    }

    private SqliteConnection Outside()
    {
        SqliteConnection connection = new(_connectionString + ";Pooling=False");
        connection.Open();
        return connection;
    }
}
