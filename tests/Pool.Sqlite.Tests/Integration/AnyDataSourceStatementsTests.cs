using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Integration;

/// <summary>One statement with its values, in every form, on a pool and on a data source of another provider.</summary>
public sealed class AnyDataSourceStatementsTests : IDisposable
{
    private const string Insert = "insert into t values (@id, @name)";

    private readonly TempDatabase _database = new();

    public AnyDataSourceStatementsTests()
    {
        using SqliteConnection connection = _database.OpenDirectly();
        connection.Run("create table t(id integer primary key, name)");
    }

    private string? Stored
    {
        get
        {
            using SqliteConnection connection = _database.OpenDirectly();
            return connection.Ask("select group_concat(id || '=' || quote(name), ' ') from t");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_text_is_executed_as_it_is_and_an_interpolated_string_with_parameters(bool isPool)
    {
        await using DbDataSource source = Source(isPool);
        string hostile = "'); drop table t; --";
        Assert.Equal(1, await source.ExecuteAsync("insert into t values (1, '{0} @p0')"));
        Assert.Equal(1, await source.ExecuteAsync("insert into t values (2, null)", CancellationToken.None));
        Assert.Equal(1, await source.ExecuteAsync($"insert into t values (3, {hostile})"));
        Assert.Equal(1, await source.ExecuteAsync($"insert into t values ({4}, {hostile})", CancellationToken.None));
        Assert.Equal(2, await source.ExecuteAsync("delete from t where id = 3; delete from t where id = 4"));
        Assert.Equal("{0} @p0", await source.ExecuteScalarAsync<string>("select name from t where id = 1"));
        Assert.Equal(2, await source.ExecuteScalarAsync<int>("select count(*) from t", CancellationToken.None));
        Assert.Equal(2, await source.ExecuteScalarAsync<int>($"select max(id) from t where id < {4}"));
        Assert.Null(await source.ExecuteScalarAsync<string>("select name from t where id = 2"));
        Assert.Null(await source.ExecuteScalarAsync<long?>("select id from t where id = 9"));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            source.ExecuteScalarAsync<long>("select id from t where id = 9")
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Values_come_in_order_in_lists_by_name_or_as_parameters(bool isPool)
    {
        await using DbDataSource source = Source(isPool);
        await source.ExecuteAsync(Insert, 1, "a");
        await source.ExecuteAsync(Insert, 2, null);
        await source.ExecuteAsync(Insert, [3, "c"]);
        await source.ExecuteAsync(Insert, [4, null], CancellationToken.None);
        await source.ExecuteAsync(Insert, new[] { 5, 50 });
        await source.ExecuteAsync(Insert, ("name", null), ("@id", 6));
        await source.ExecuteAsync(Insert, new Dictionary<string, object?> { ["name"] = "g", ["id"] = 7 });
        await source.ExecuteAsync(Insert, new SqliteParameter("@name", "h"), new SqliteParameter("@id", 8));
        await source.ExecuteAsync("insert into t values (9, @name || @name)", "i");
        await source.ExecuteAsync("delete from t where id = 1", []);
        Assert.Equal("2=NULL 3='c' 4=NULL 5=50 6=NULL 7='g' 8='h' 9='ii'", Stored);
        Assert.Equal("c", await source.ExecuteScalarAsync<string>("select name from t where id = @id", 3));
        Assert.Equal("g", await source.ExecuteScalarAsync<string>("select name from t where id = @id", ("id", 7)));
        Assert.Equal(
            5,
            await source.ExecuteScalarAsync<int>(
                "select count(*) from t where id between @a and @b",
                [4, 8],
                CancellationToken.None
            )
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_after_the_values_stops_the_statement_and_is_not_stored(bool isPool)
    {
        await using DbDataSource source = Source(isPool);
        using CancellationTokenSource stop = new();
        Assert.Equal(1, await source.ExecuteAsync(Insert, 1, "a", stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => source.ExecuteAsync(Insert, 2, "b", stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => source.ExecuteAsync("delete from t", stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            source.ExecuteScalarAsync<int>("select id from t where id = @id", 1, stop.Token)
        );
        Assert.Equal("1='a'", Stored);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_does_not_fit_is_told_before_anything_runs(bool isPool)
    {
        await using DbDataSource source = Source(isPool);
        await Refused("There are 1 values, but the statement has 2 parameters (@id, @name)", Insert, 1);
        await Refused("no parameter 'nam'", Insert, ("id", 1), ("nam", "hunter2"));
        await Refused("no value for the parameter @name", Insert, ("id", 1));
        await Refused("two values", Insert, ("id", 1), ("@id", 1), ("name", 1));
        await Assert.ThrowsAsync<ArgumentException>(() => source.ExecuteAsync(" "));
        await Assert.ThrowsAsync<ArgumentNullException>(() => source.ExecuteAsync((string)null!, 1));
        await Assert.ThrowsAsync<ArgumentException>(() => source.ExecuteScalarAsync<int>(""));
        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            source.ExecuteAsync(Insert, (IReadOnlyList<object?>)null!)
        );
        await Assert.ThrowsAsync<ArgumentNullException>(() => ((DbDataSource)null!).ExecuteAsync(Insert, 1, 2));
        Assert.Equal("", Stored);

        async Task Refused(string why, string sql, params object?[] values)
        {
            ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
                source.ExecuteAsync(sql, values)
            );
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Elsewhere_the_parameters_have_the_names_that_providers_understand()
    {
        await using DbDataSource source = Source(isPool: false);
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            source.ExecuteAsync("insert into t values ($id, $name)", 1, "a")
        );
        Assert.Contains("Name them as @id", refused.Message, StringComparison.Ordinal);

        // Without values a name is not looked at: it may be a variable of the provider's.
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() =>
            source.ExecuteAsync("delete from t where id = @id")
        );
    }

    public void Dispose() => _database.Dispose();

    private DbDataSource Source(bool isPool) =>
        isPool
            ? new SqlitePool(_database.Options())
            : new FakeDataSource(_database.ConnectionString + ";Pooling=False");
}
