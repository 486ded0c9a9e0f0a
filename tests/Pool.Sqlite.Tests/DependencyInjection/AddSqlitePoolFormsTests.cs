using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.DependencyInjection;

/// <summary>Each form of the registration, and the connection of a scope.</summary>
public sealed class AddSqlitePoolFormsTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly ServiceCollection _services = [];

    private enum Database
    {
        Orders,
    }

    [Fact]
    public async Task Settings_in_code_come_with_every_form()
    {
        _services.AddSqlitePool(_database.ConnectionString, options => options.PoolSize = 1);
        _services.AddSqlitePool("orders", _database.ConnectionString, options => options.PoolSize = 2);
        _services.AddSqlitePool(
            "audit",
            null,
            options =>
            {
                options.ConnectionString = _database.ConnectionString;
                options.PoolSize = 3;
            }
        );
        _services.AddSqlitePool(
            Database.Orders,
            options =>
            {
                options.ConnectionString = _database.ConnectionString;
                options.PoolSize = 4;
            }
        );
        _services.AddSqlitePool(7, _database.ConnectionString).Configure(options => options.PoolSize = 5);
        await using ServiceProvider provider = _services.BuildServiceProvider();
        SqlitePool[] pools =
        [
            provider.GetRequiredService<SqlitePool>(),
            provider.GetRequiredKeyedService<SqlitePool>("orders"),
            provider.GetRequiredKeyedService<SqlitePool>("audit"),
            provider.GetRequiredKeyedService<SqlitePool>(Database.Orders),
            provider.GetRequiredKeyedService<SqlitePool>(7),
        ];
        Assert.Equal([1, 2, 3, 4, 5], pools.Select(pool => pool.GetStatistics().PoolSize));
        Assert.Same(pools[3], provider.GetRequiredKeyedService<DbDataSource>(Database.Orders));
    }

    [Fact]
    public async Task A_pool_without_a_connection_string_takes_it_from_its_settings()
    {
        _services.AddSqlitePool(options => options.ConnectionString = _database.ConnectionString);
        await using ServiceProvider provider = _services.BuildServiceProvider();
        Assert.True((await provider.GetRequiredService<SqlitePool>().TestConnectionAsync()).IsSuccess);
    }

    [Fact]
    public async Task Settings_that_other_services_give_come_with_every_form()
    {
        _services.AddSingleton(_database);
        _services.AddSqlitePool((provider, options) => Connect(provider, options, 1));
        _services.AddSqlitePool("plain", null, (provider, options) => Connect(provider, options, 2));
        _services.AddSqlitePool("orders", _database.ConnectionString, (_, options) => options.PoolSize = 3);
        _services
            .AddSqlitePool(Database.Orders, (provider, options) => Connect(provider, options, 9))
            .Configure(options => options.PoolSize = 4);
        await using ServiceProvider provider = _services.BuildServiceProvider(validateScopes: true);
        SqlitePool[] pools =
        [
            provider.GetRequiredService<SqlitePool>(),
            provider.GetRequiredKeyedService<SqlitePool>("plain"),
            provider.GetRequiredKeyedService<SqlitePool>("orders"),
            provider.GetRequiredKeyedService<SqlitePool>(Database.Orders),
        ];
        Assert.Equal([1, 2, 3, 4], pools.Select(pool => pool.GetStatistics().PoolSize));
        Assert.True((await pools[0].TestConnectionAsync()).IsSuccess);

        static void Connect(IServiceProvider provider, SqlitePoolOptions options, int size)
        {
            options.ConnectionString = provider.GetRequiredService<TempDatabase>().ConnectionString;
            options.PoolSize = size;
        }
    }

    [Fact]
    public async Task A_connection_string_may_be_joined_by_settings_that_other_services_give()
    {
        _services.AddSqlitePool(_database.ConnectionString, (provider, options) => options.PoolSize = 7);
        await using ServiceProvider provider = _services.BuildServiceProvider();
        Assert.Equal(7, provider.GetRequiredService<SqlitePool>().GetStatistics().PoolSize);
    }

    [Fact]
    public void A_key_in_the_place_of_the_connection_string_is_told_at_once()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            _services.AddSqlitePool("orders", options => options.PoolSize = 2)
        );
        Assert.Contains("AddSqlitePool(key, connectionString, options", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _services.AddSqlitePool("orders", (_, options) => options.PoolSize = 2));
        Assert.Empty(_services);
    }

    [Theory]
    [InlineData("Data Source=o.db;Password=S3cret!")]
    [InlineData("datasource = o.db ; pwd = S3cret!")]
    [InlineData("Filename=o.db;Passwort=S3cret!")]
    [InlineData("file:o.db?hexkey=S3cret!")]
    public void A_connection_string_in_the_place_of_the_key_is_told_at_once_and_not_shown(string key)
    {
        ArgumentException[] errors =
        [
            Assert.Throws<ArgumentException>(() => _services.AddSqlitePool(key, "orders")),
            Assert.Throws<ArgumentException>(() => _services.AddSqlitePool(key, null, options => options.PoolSize = 2)),
            Assert.Throws<ArgumentException>(() =>
                _services.AddSqlitePool((object)key, options => options.PoolSize = 2)
            ),
            Assert.Throws<ArgumentException>(() => _services.AddSqlitePoolSet(key, "folder")),
            Assert.Throws<ArgumentException>(() => _services.AddSqlitePool(key, null, (_, options) => { })),
        ];
        Assert.Contains(
            "swapped: write the key first, AddSqlitePool(\"orders\",",
            errors[0].Message,
            StringComparison.Ordinal
        );
        Assert.All(errors, error => Assert.Equal("serviceKey", error.ParamName));
        Assert.All(errors, error => Assert.DoesNotContain("S3cret!", error.ToString(), StringComparison.Ordinal));
        Assert.Empty(_services);
    }

    [Theory]
    [InlineData("region=eu")]
    [InlineData("a=b;c=d")]
    [InlineData("orders")]
    public async Task A_key_may_have_an_equals_sign(string key)
    {
        _services.AddSqlitePool(key, _database.ConnectionString);
        await using ServiceProvider provider = _services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredKeyedService<SqlitePool>(key));
    }

    [Fact]
    public async Task Options_named_by_a_connection_string_are_refused_without_showing_it()
    {
        const string Name = "Data Source=o.db;Password=S3cret!";
        _services.AddSqlitePool(_database.ConnectionString);
        _services.AddSqlitePoolSet("folder");
        _services.AddOptions<SqlitePoolOptions>(Name);
        _services.AddOptions<SqlitePoolSetOptions>(Name);
        await using ServiceProvider provider = _services.BuildServiceProvider();
        Exception[] errors =
        [
            Assert.Throws<OptionsValidationException>(() =>
                provider.GetRequiredService<IOptionsMonitor<SqlitePoolOptions>>().Get(Name)
            ),
            Assert.Throws<OptionsValidationException>(() =>
                provider.GetRequiredService<IOptionsMonitor<SqlitePoolSetOptions>>().Get(Name)
            ),
        ];
        Assert.All(errors, error => Assert.DoesNotContain("S3cret!", error.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_registered_without_what_it_needs()
    {
        Assert.Throws<ArgumentNullException>(() => _services.AddSqlitePool((Action<SqlitePoolOptions>)null!));
        Assert.Throws<ArgumentNullException>(() =>
            _services.AddSqlitePool(_database.ConnectionString, (Action<SqlitePoolOptions>)null!)
        );
        Assert.Throws<ArgumentNullException>(() => _services.AddSqlitePool((object)null!, null, _ => { }));
        Assert.Throws<ArgumentNullException>(() => _services.AddSqlitePool((object)null!, (_, _) => { }));
        Assert.Throws<ArgumentNullException>(() =>
            _services.AddSqlitePool((Action<IServiceProvider, SqlitePoolOptions>)null!)
        );
        Assert.Empty(_services);
    }

    [Fact]
    public async Task A_scope_has_one_connection_that_rents_when_it_is_opened_and_goes_back_at_its_end()
    {
        _services.AddSqlitePool(_database.ConnectionString).AddScopedConnection();
        await using ServiceProvider provider = _services.BuildServiceProvider(validateScopes: true);
        SqlitePool pool = provider.GetRequiredService<SqlitePool>();
        await using (AsyncServiceScope scope = provider.CreateAsyncScope())
        {
            SqlitePoolConnection connection = scope.ServiceProvider.GetRequiredService<SqlitePoolConnection>();
            Assert.Same(connection, scope.ServiceProvider.GetRequiredService<DbConnection>());
            Assert.Equal((0, 0), (pool.GetStatistics().InUse, pool.GetStatistics().Open));
            await connection.OpenAsync();
            await connection.OpenAsync();
            Assert.Equal(1, pool.GetStatistics().InUse);
            await using (AsyncServiceScope other = provider.CreateAsyncScope())
            {
                SqlitePoolConnection another = other.ServiceProvider.GetRequiredService<SqlitePoolConnection>();
                Assert.NotSame(connection, another);
                another.Open();
                Assert.Equal(2, pool.GetStatistics().InUse);
            }

            Assert.Equal(1, pool.GetStatistics().InUse);
            connection.Run("create table t(x)");
            SqlitePoolTransaction transaction = await connection.BeginTransactionAsync();
            connection.Run("insert into t values (1)");
        }

        Assert.Equal(0, pool.GetStatistics().InUse);
        Assert.Equal(0, await pool.ExecuteScalarAsync<int>("select count(*) from t"));
    }

    [Fact]
    public async Task A_scope_that_does_not_use_its_connection_rents_nothing_and_one_may_end_synchronously()
    {
        _services.AddSqlitePool(_database.ConnectionString, options => options.PoolSize = 1).AddScopedConnection();
        await using ServiceProvider provider = _services.BuildServiceProvider();
        using (IServiceScope scope = provider.CreateScope())
        {
            scope.ServiceProvider.GetRequiredService<SqlitePoolConnection>();
        }

        Assert.Equal(0, provider.GetRequiredService<SqlitePool>().GetStatistics().Rents);
        Assert.False(_database.Exists());
    }

    [Fact]
    public async Task Keyed_pools_have_keyed_connections_whatever_the_key_is()
    {
        _services.AddSqlitePool(_database.ConnectionString).AddScopedConnection();
        _services
            .AddSqlitePool("orders", $"Data Source={_database.In("orders.db")}")
            .AddScopedConnection()
            .AddScopedConnection();
        _services.AddSqlitePool(Database.Orders, $"Data Source={_database.In("enum.db")}").AddScopedConnection();
        await using ServiceProvider provider = _services.BuildServiceProvider();
        using IServiceScope scope = provider.CreateScope();
        IServiceProvider services = scope.ServiceProvider;
        DbConnection[] connections =
        [
            services.GetRequiredService<DbConnection>(),
            services.GetRequiredKeyedService<SqlitePoolConnection>("orders"),
            services.GetRequiredKeyedService<DbConnection>(Database.Orders),
        ];
        Array.ForEach(connections, connection => connection.Open());
        Assert.Equal(
            ["test.db", "orders.db", "enum.db"],
            connections.Select(connection => Path.GetFileName(connection.DataSource))
        );
        Assert.Same(connections[1], services.GetRequiredKeyedService<DbConnection>("orders"));
    }

    [Fact]
    public void Options_of_no_pool_have_no_connection()
    {
        OptionsBuilder<SqlitePoolOptions> builder = _services.AddOptions<SqlitePoolOptions>("other");
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => builder.AddScopedConnection());
        Assert.Contains("AddSqlitePool", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _database.Dispose();
}
