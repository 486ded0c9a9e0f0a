using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Work of a write that ends while a reader of its own stands on a row of a statement that writes.</summary>
public sealed class WriteLeavesReaderTests : IDisposable
{
    private const string Insert = "insert into t values (5), (6) returning a";

    private readonly TempDatabase _database = new();
    private int _runs;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_of_the_lease_is_ended_and_the_work_is_stored_once(bool blocking)
    {
        await using SqlitePool pool = await MakePool();
        DbDataReader? reader = null;
        if (blocking)
        {
            pool.Write(connection =>
            {
                _runs++;
                reader = connection.CreateCommand(Insert).ExecuteReader();
                Assert.True(reader.Read());
            });
        }
        else
        {
            await pool.WriteAsync(async connection =>
                {
                    _runs++;
                    reader = await connection.CreateCommand(Insert).ExecuteReaderAsync();
                    Assert.True(await reader.ReadAsync());
                })
                .Limited();
        }

        Assert.Equal(1, _runs);
        Assert.True(reader!.IsClosed);
        Assert.Equal(2, await pool.ExecuteScalarAsync<long>($"select count(*) from t"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_of_the_driver_s_object_fails_the_write_at_once_and_is_named(bool blocking)
    {
        await using SqlitePool pool = await MakePool();
        InvalidOperationException error = blocking
            ? Assert.Throws<InvalidOperationException>(() => pool.Write(Leave))
            : await Assert.ThrowsAsync<InvalidOperationException>(() =>
                pool.WriteAsync(connection =>
                    {
                        Leave(connection);
                        return Task.CompletedTask;
                    })
                    .Limited()
            );

        Assert.Contains("reader", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, _runs);
        Assert.Equal(0, await pool.ExecuteScalarAsync<long>($"select count(*) from t"));
    }

    [Fact]
    public async Task A_reader_of_the_driver_s_object_that_only_reads_is_in_nobody_s_way()
    {
        await using SqlitePool pool = await MakePool();
        await pool.WriteAsync(connection =>
            {
                connection.Run("insert into t values (1), (2)");
                Assert.True(Read(connection.SqliteConnection, "select a from t").Read());
                return Task.CompletedTask;
            })
            .Limited();

        Assert.Equal(2, await pool.ExecuteScalarAsync<long>($"select count(*) from t"));
    }

    public void Dispose() => _database.Dispose();

    private static SqliteDataReader Read(SqliteConnection driver, string sql)
    {
        SqliteCommand command = driver.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteReader();
    }

    private void Leave(SqlitePoolConnection connection)
    {
        _runs++;
        Assert.True(Read(connection.SqliteConnection, Insert).Read());
    }

    private async Task<SqlitePool> MakePool()
    {
        SqlitePool pool = new(_database.Options());
        await pool.ExecuteAsync($"create table t(a)");
        return pool;
    }
}
