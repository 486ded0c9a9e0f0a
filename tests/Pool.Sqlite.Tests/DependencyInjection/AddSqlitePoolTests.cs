using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.DependencyInjection;

public sealed class AddSqlitePoolTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly ServiceCollection _services = [];

    [Fact]
    public async Task One_pool_is_made_and_is_the_data_source_too()
    {
        _services.AddSqlitePool(_database.ConnectionString).Configure(options => options.PoolSize = 3);
        await using ServiceProvider provider = _services.BuildServiceProvider();

        SqlitePool pool = provider.GetRequiredService<SqlitePool>();

        Assert.Same(pool, provider.GetRequiredService<SqlitePool>());
        Assert.Same(pool, provider.GetRequiredService<DbDataSource>());
        Assert.Equal(3, pool.GetStatistics().PoolSize);
        Assert.False(_database.Exists());
        using SqlitePoolConnection connection = pool.Rent();
        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Fact]
    public async Task The_container_closes_the_pool_to_the_last_file()
    {
        _services.AddSqlitePool(_database.ConnectionString);
        SqlitePool pool;
        await using (ServiceProvider provider = _services.BuildServiceProvider())
        {
            pool = provider.GetRequiredService<SqlitePool>();
            _ = provider.GetRequiredService<DbDataSource>();
            using SqlitePoolConnection connection = pool.Rent();
            connection.Run("create table t(x)");
        }

        Assert.Empty(_database.OpenFiles());
        Assert.False(_database.Exists("-wal"));
        Assert.Throws<ObjectDisposedException>(() => pool.Rent());
    }

    [Fact]
    public void A_container_that_is_closed_synchronously_closes_it_as_well()
    {
        _services.AddSqlitePool(_database.ConnectionString);
        SqlitePool pool;
        using (ServiceProvider provider = _services.BuildServiceProvider())
        {
            pool = provider.GetRequiredService<SqlitePool>();
            pool.Rent().Dispose();
        }

        Assert.Throws<ObjectDisposedException>(() => pool.Rent());
    }

    [Fact]
    public async Task Keyed_pools_have_settings_of_their_own()
    {
        _services.AddSqlitePool("orders", _database.ConnectionString).Configure(options => options.PoolSize = 2);
        _services.AddSqlitePool(1, $"Data Source={_database.In("one.db")};Pool Size=4");
        _services.AddSqlitePool("1", $"Data Source={_database.In("text.db")}");
        _services.AddSqlitePool($"Data Source={_database.In("plain.db")}");
        await using ServiceProvider provider = _services.BuildServiceProvider();

        SqlitePool[] pools =
        [
            provider.GetRequiredKeyedService<SqlitePool>("orders"),
            provider.GetRequiredKeyedService<SqlitePool>(1),
            provider.GetRequiredKeyedService<SqlitePool>("1"),
            provider.GetRequiredService<SqlitePool>(),
        ];

        Assert.Equal(["test.db", "one.db", "text.db", "plain.db"], pools.Select(pool => pool.Name));
        Assert.Equal([2, 4, 10, 10], pools.Select(pool => pool.GetStatistics().PoolSize));
        Assert.Same(pools[0], provider.GetRequiredKeyedService<DbDataSource>("orders"));
        Assert.Same(pools[3], provider.GetRequiredService<DbDataSource>());
    }

    [Fact]
    public async Task A_key_that_is_an_empty_text_is_a_key_like_any_other()
    {
        _services.AddSqlitePool(_database.ConnectionString);
        _services.AddSqlitePool("", $"Data Source={_database.In("keyed.db")}");
        await using ServiceProvider provider = _services.BuildServiceProvider();

        Assert.Equal("test.db", provider.GetRequiredService<SqlitePool>().Name);
        Assert.Equal("keyed.db", provider.GetRequiredKeyedService<SqlitePool>("").Name);
    }

    [Fact]
    public async Task Adding_it_again_adds_settings_and_no_second_pool()
    {
        _services.AddSqlitePool("Data Source=elsewhere.db").Configure(options => options.PoolSize = 2);
        _services.AddSqlitePool(_database.ConnectionString).Configure(options => options.MaxOverflow = 1);
        await using ServiceProvider provider = _services.BuildServiceProvider();

        SqlitePool pool = Assert.Single(provider.GetServices<SqlitePool>());

        Assert.Equal(_database.ConnectionString, pool.ConnectionString);
        Assert.Equal((2, 1), (pool.GetStatistics().PoolSize, pool.GetStatistics().MaxOverflow));
    }

    [Fact]
    public async Task The_containers_log_and_clock_are_used()
    {
        using TestLog log = new();
        FakeTimeProvider time = new();
        _services.AddSingleton<ILoggerFactory>(log).AddSingleton<TimeProvider>(time);
        _services.AddSqlitePool($"{_database.ConnectionString};Pool Size=1;Max Overflow=0;Rent Timeout=5");
        await using ServiceProvider provider = _services.BuildServiceProvider();
        SqlitePool pool = provider.GetRequiredService<SqlitePool>();
        using SqlitePoolConnection only = pool.Rent();
        only.SqliteConnection.CreateFunction("f", () => 1);

        Task<SqlitePoolConnection> tooLate = pool.RentAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(5));

        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => tooLate.Limited());
        only.Run("begin; create table t(x)");
        only.Dispose();
        Assert.NotEmpty(log.Warnings);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_listed_as_the_application_starts()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder
            .Services.AddSqlitePool("orders", "Data Source=x.db;Pool Sise=3;Password=hunter2")
            .Configure(options => options.RentTimeout = TimeSpan.FromSeconds(-5))
            .ValidateOnStart();
        using IHost host = builder.Build();

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            host.StartAsync().Limited()
        );

        Assert.Equal(2, error.Failures.Count());
        Assert.All(
            error.Failures,
            failure => Assert.StartsWith("SqlitePool 'orders': ", failure, StringComparison.Ordinal)
        );
        Assert.Contains("'Pool Size'", error.Message, StringComparison.Ordinal);
        Assert.Contains("RentTimeout", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_ValidateOnStart_it_is_said_when_the_pool_is_asked_for()
    {
        _services.AddSqlitePool();
        using ServiceProvider provider = _services.BuildServiceProvider();

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
            provider.GetRequiredService<SqlitePool>()
        );

        Assert.Contains("ConnectionString is empty", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Checking_leaves_the_options_as_they_were_given()
    {
        string connectionString = $"{_database.ConnectionString};Pool Size=3";
        _services.AddSqlitePool(connectionString).ValidateOnStart();
        using ServiceProvider provider = _services.BuildServiceProvider();

        SqlitePoolOptions options = provider.GetRequiredService<IOptions<SqlitePoolOptions>>().Value;

        Assert.Equal((connectionString, 10), (options.ConnectionString, options.PoolSize));
        Assert.Equal(3, provider.GetRequiredService<SqlitePool>().GetStatistics().PoolSize);
    }

    public void Dispose() => _database.Dispose();
}
