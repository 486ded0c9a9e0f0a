using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.DependencyInjection;

/// <summary>Whatever can be set can be set by configuration.</summary>
public sealed class BindingTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Fact]
    public void Every_option_and_every_PRAGMA_can_be_bound()
    {
        (string Path, object Value)[] samples = [.. Samples(typeof(SqlitePoolOptions))];
        Dictionary<string, string?> settings = samples.ToDictionary(
            each => $"SqlitePool:{each.Path}",
            each => Convert.ToString(each.Value, CultureInfo.InvariantCulture)
        );
        // A name that is a connection string is refused.
        samples = [.. samples.Select(each => each.Path == "Name" ? (each.Path, "sample") : each)];
        settings["SqlitePool:Name"] = "sample";
        settings["SqlitePool:Pragmas:Additional:secure_delete"] = "1";
        settings["SqlitePool:Pragmas:Additional:RECURSIVE_TRIGGERS"] = "0";

        SqlitePoolOptions options = Bind(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());

        Assert.Contains(samples, each => each.Path == "Writes:Synchronous");
        Assert.All(samples, each => Assert.Equal(each.Value, Read(options, each.Path)));
        Assert.True(samples.Length >= 29, "Fewer were tried than there are.");
        Assert.Equal("1", options.Pragmas.Additional["SECURE_DELETE"]);
        Assert.Equal("0", options.Pragmas.Additional["recursive_triggers"]);
        Assert.Null(options.ConnectionOpened);
    }

    [Fact]
    public void What_the_configuration_leaves_out_keeps_its_default_and_what_code_has_set_stays()
    {
        Action<Microsoft.Data.Sqlite.SqliteConnection> hook = _ => { };
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("SqlitePool:PoolSize", "7"), new("SqlitePool:Pragmas:Synchronous", "full")])
            .Build();

        SqlitePoolOptions options = Bind(
            configuration,
            each =>
            {
                each.ConnectionOpened = hook;
                each.Pragmas.Additional["secure_delete"] = "1";
            }
        );

        Assert.Equal((7, 5, TimeSpan.FromSeconds(30)), (options.PoolSize, options.MaxOverflow, options.RentTimeout));
        Assert.Equal(
            (SynchronousMode.Full, JournalMode.Wal),
            (options.Pragmas.Synchronous, options.Pragmas.JournalMode)
        );
        Assert.Same(hook, options.ConnectionOpened);
        Assert.Equal("1", options.Pragmas.Additional["secure_delete"]);
    }

    [Fact]
    public void A_later_source_wins_as_the_environment_does_over_a_file_and_both_over_the_code()
    {
        const string Prefix = "POOL_SQLITE_BINDING_TEST_";
        Environment.SetEnvironmentVariable($"{Prefix}SqlitePool__PoolSize", "20");
        Environment.SetEnvironmentVariable($"{Prefix}SqlitePool__Pragmas__Additional__secure_delete", "1");
        Environment.SetEnvironmentVariable($"{Prefix}SqlitePool__Writes__Capacity", "7");
        try
        {
            IConfiguration configuration = new ConfigurationBuilder()
                .AddInMemoryCollection([
                    new("SqlitePool:PoolSize", "7"),
                    new("SqlitePool:MaxOverflow", "1"),
                    new("SqlitePool:ConnectionString", _database.ConnectionString),
                ])
                .AddEnvironmentVariables(Prefix)
                .Build();
            ServiceCollection services = [];
            services.AddSingleton(configuration);
            services
                .AddSqlitePool("Data Source=elsewhere.db;Pool Size=3")
                .BindConfiguration("SqlitePool")
                .ValidateOnStart();
            using ServiceProvider provider = services.BuildServiceProvider();
            using SqlitePool pool = provider.GetRequiredService<SqlitePool>();
            using SqlitePoolConnection connection = pool.Rent();

            Assert.Equal((20, 1), (pool.GetStatistics().PoolSize, pool.GetStatistics().MaxOverflow));
            Assert.Equal(7, pool.GetStatistics().Writes.Capacity);
            Assert.Equal(_database.ConnectionString, pool.ConnectionString);
            Assert.Equal("1", connection.Ask("PRAGMA secure_delete"));
        }
        finally
        {
            Environment.SetEnvironmentVariable($"{Prefix}SqlitePool__PoolSize", null);
            Environment.SetEnvironmentVariable($"{Prefix}SqlitePool__Pragmas__Additional__secure_delete", null);
            Environment.SetEnvironmentVariable($"{Prefix}SqlitePool__Writes__Capacity", null);
        }
    }

    [Fact]
    public void A_configuration_that_changes_later_does_nothing_to_a_pool_that_is_made()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("SqlitePool:PoolSize", "7")])
            .Build();
        ServiceCollection services = [];
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSqlitePool(_database.ConnectionString).BindConfiguration("SqlitePool");
        using ServiceProvider provider = services.BuildServiceProvider();
        SqlitePool pool = provider.GetRequiredService<SqlitePool>();

        configuration["SqlitePool:PoolSize"] = "0";
        configuration.Reload();

        Assert.Same(pool, provider.GetRequiredService<SqlitePool>());
        Assert.Equal(7, pool.GetStatistics().PoolSize);
        pool.Rent().Dispose();
    }

    public void Dispose() => _database.Dispose();

    private static SqlitePoolOptions Bind(IConfiguration configuration, Action<SqlitePoolOptions>? before = null)
    {
        ServiceCollection services = [];
        services.AddSingleton(configuration);
        services.AddSqlitePool("Data Source=x.db").Configure(before ?? (_ => { })).BindConfiguration("SqlitePool");
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<SqlitePoolOptions>>().Value;
    }

    /// <summary>Every setting by its path in a configuration, with a value for it.</summary>
    private static IEnumerable<(string Path, object Value)> Samples(Type type) =>
        type.GetProperties()
            .SelectMany(property =>
                property.PropertyType.Assembly == typeof(SqlitePool).Assembly && property.PropertyType.IsClass
                    ? Samples(property.PropertyType).Select(inner => ($"{property.Name}:{inner.Path}", inner.Value))
                : Sample(property.PropertyType) is { } value ? [(property.Name, value)]
                : []
            );

    private static object? Read(object options, string path) =>
        path.Split(':')
            .Aggregate(
                (object?)options,
                static (parent, name) => parent!.GetType().GetProperty(name)!.GetValue(parent)
            );

    /// <summary>A value that is no option's default; null for what no configuration can hold.</summary>
    private static object? Sample(Type declared)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        return type == typeof(string) ? "Data Source=sample.db"
            : type == typeof(int) ? 9
            : type == typeof(long) ? 9L
            : type == typeof(double) ? 0.5
            : type == typeof(bool) ? (object)true
            : type == typeof(TimeSpan) ? new TimeSpan(0, 2, 3, 4, 500)
            : type.IsEnum ? Enum.GetValues(type).GetValue(0)
            : null;
    }
}
