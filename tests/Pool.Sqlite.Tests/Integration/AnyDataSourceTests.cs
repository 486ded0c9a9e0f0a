using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Integration;

/// <summary>The same code on a pool and on a data source of another provider.</summary>
public sealed class AnyDataSourceTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_verbs_do_the_same_on_a_pool_and_elsewhere(bool isPool)
    {
        await using DbDataSource source = Source(isPool);
        await source.ExecuteAsync($"create table t(id integer primary key, name text)");
        string name = "x'); drop table t; --";
        Assert.Equal(1, await source.ExecuteAsync($"insert into t values ({1}, {name})"));
        Assert.Equal(
            3,
            await source.ExecuteManyAsync(
                "insert into t values (@id, @name)",
                [
                    [2, "b"],
                    [3, "c"],
                    [4, null],
                ]
            )
        );
        Assert.Equal("4", await Count(source));

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            source.WriteAsync(async connection =>
            {
                await Run(connection, "delete from t");
                throw new InvalidOperationException("Undo it.");
            })
        );
        Assert.Equal("4", await Count(source));

        await source.WriteAsync((connection, token) => Run(connection, "delete from t where id > 1"));
        Assert.Equal("1", await Count(source));
        await Assert.ThrowsAnyAsync<DbException>(() =>
            source.ExecuteManyAsync(
                "insert into t values (@id, 'x')",
                [
                    [9],
                    [9],
                ]
            )
        );
        Assert.Equal("1", await Count(source));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_that_cannot_be_a_parameter_is_refused_everywhere(bool isPool)
    {
        await using DbDataSource source = Source(isPool);
        string name = "x";
        await Assert.ThrowsAsync<ArgumentException>(() => source.ExecuteAsync($"insert into t values ('{name}')"));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            source.ExecuteManyAsync(
                "select @a, @b",
                [
                    [1],
                ]
            )
        );
    }

    public void Dispose() => _database.Dispose();

    private static Task<string?> Count(DbDataSource source) =>
        source.ReadAsync(async connection =>
        {
            await using DbCommand command = connection.CreateCommand();
            command.CommandText = "select count(*) from t";
            return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
        });

    private static async Task Run(DbConnection connection, string sql)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private DbDataSource Source(bool isPool) =>
        isPool
            ? new SqlitePool(_database.Options())
            : SqliteFactory.Instance.CreateDataSource(_database.ConnectionString + ";Pooling=False");
}
