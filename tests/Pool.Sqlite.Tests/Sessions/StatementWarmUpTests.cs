using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>What <see cref="SqlitePoolOptions.WarmUpStatements"/> prepares, and what it does not.</summary>
public sealed class StatementWarmUpTests : IDisposable
{
    private const string Query = "select name from t where id = $id";
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();

    public StatementWarmUpTests()
    {
        using SqliteConnection connection = _database.OpenDirectly();
        connection.Run("create table t(id integer primary key, name)");
    }

    [Fact]
    public async Task Every_new_connection_has_them_in_its_cache()
    {
        await using SqlitePool pool = Pool(Query, "insert into t values ($id, $name); select 1");
        using SqlitePoolConnection first = await pool.RentAsync();
        using SqlitePoolConnection second = await pool.RentAsync();
        using SqlitePoolConnection writer = await pool.RentWriterAsync();
        foreach (SqlitePoolConnection connection in (SqlitePoolConnection[])[first, second, writer])
        {
            Assert.Contains(Query, connection.PreparedStatements());
            Assert.Contains("insert into t values ($id, $name);", connection.PreparedStatements());
        }

        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public async Task What_is_no_SQL_fails_the_open_and_is_named()
    {
        foreach (string sql in (string[])["selec 1", "select (1", "select 1; select #", "select 'a"])
        {
            await using SqlitePool pool = Pool(Query, sql);
            SqliteException error = await Assert.ThrowsAsync<SqliteException>(() => pool.RentAsync().AsTask());
            Assert.Contains($"WarmUpStatements has \"{sql}\"", error.Message, StringComparison.Ordinal);
            Assert.Equal((0, 0), (pool.GetStatistics().Open, pool.GetStatistics().InUse));
        }
    }

    [Theory]
    [InlineData("pragma query_only=1")]
    [InlineData("select 1; pragma foreign_keys=off")]
    [InlineData("attach ':memory:' as other")]
    [InlineData("create temp table x(y)")]
    [InlineData("explain select 1")]
    public async Task What_changes_the_session_is_refused_and_named(string sql)
    {
        await using SqlitePool pool = Pool(sql);
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.RentAsync().AsTask()
        );
        Assert.Contains(sql, error.Message, StringComparison.Ordinal);
        Assert.Contains("options.Pragmas", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("select * from later")]
    [InlineData("select missing from t")]
    [InlineData("select unknown_function(1)")]
    public async Task What_is_not_there_yet_is_left_out_and_told_once(string sql)
    {
        await using SqlitePool pool = Pool(sql, Query);
        using SqlitePoolConnection first = await pool.RentAsync();
        using SqlitePoolConnection second = await pool.RentAsync();
        Assert.Contains(Query, second.PreparedStatements());
        LogEntry warning = Assert.Single(_log.Warnings);
        Assert.Contains(sql, warning.Text, StringComparison.Ordinal);
        first.Run("create table if not exists later(x)");
        Assert.Equal("0", first.Ask("select count(*) from later"));
        Assert.Single(_log.Warnings);
    }

    [Fact]
    public async Task A_function_of_the_hook_can_be_used_in_them()
    {
        SqlitePoolOptions options = Options("select twice(2)");
        options.ConnectionOpened = connection => connection.CreateFunction("twice", (long x) => 2 * x);
        await using SqlitePool pool = Pool(options);
        Assert.Equal(4, await pool.ExecuteScalarAsync<int>("select twice(2)"));
        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public void More_than_the_cache_keeps_and_empty_texts_are_refused_when_the_pool_is_made()
    {
        SqlitePoolOptions options = Options(Query, " ");
        options.StatementCacheSize = 1;
        string message = Assert.Throws<ArgumentException>(() => new SqlitePool(options)).Message;
        Assert.Contains(
            "WarmUpStatements has 2 statements, and StatementCacheSize is 1",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains("WarmUpStatements[1] is empty", message, StringComparison.Ordinal);
    }

    [Fact]
    public void They_can_stand_in_a_configuration_and_are_copied_with_the_options()
    {
        IConfiguration section = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?> { ["WarmUpStatements:0"] = Query, ["WarmUpStatements:1"] = "select 1" }
            )
            .Build();
        SqlitePoolOptions options = new();
        Assert.Empty(ConfigurationBinding.Apply(section, options));
        Assert.Equal([Query, "select 1"], options.WarmUpStatements);

        IConfiguration wrong = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["WarmUpStatements"] = Query })
            .Build();
        Assert.Contains(
            "WarmUpStatements:0",
            Assert.Single(ConfigurationBinding.Apply(wrong, new SqlitePoolOptions())),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Later_changes_of_the_list_do_nothing()
    {
        SqlitePoolOptions options = Options(Query);
        await using SqlitePool pool = Pool(options);
        options.WarmUpStatements.Add("selec 1");
        using SqlitePoolConnection connection = await pool.RentAsync();
        Assert.Equal("1", connection.Ask("select 1"));
    }

    public void Dispose()
    {
        _log.Dispose();
        _database.Dispose();
    }

    private SqlitePoolOptions Options(params string[] statements)
    {
        SqlitePoolOptions options = _database.Options();
        Array.ForEach(statements, options.WarmUpStatements.Add);
        return options;
    }

    private SqlitePool Pool(params string[] statements) => Pool(Options(statements));

    // The clock stands: an open that takes a second on this machine is no warning.
    private SqlitePool Pool(SqlitePoolOptions options) => new(options, _log, new FakeTimeProvider());
}
