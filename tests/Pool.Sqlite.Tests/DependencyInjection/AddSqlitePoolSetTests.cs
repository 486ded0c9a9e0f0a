using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.DependencyInjection;

public sealed class AddSqlitePoolSetTests
{
    [Fact]
    public async Task A_set_is_one_for_the_application_and_closed_with_it()
    {
        ServiceCollection services = new();
        services.AddSqlitePoolSet("tenants").Configure(options => options.MaxOpenConnections = 7);
        SqlitePoolSet set;
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            set = provider.GetRequiredService<SqlitePoolSet>();
            Assert.Same(set, provider.GetRequiredService<SqlitePoolSet>());
            Assert.Equal(7, set.GetStatistics().MaxOpenConnections);
            Assert.Equal(Path.GetFullPath("tenants/a.db"), set.GetPath("a"));
        }

        Assert.Throws<ObjectDisposedException>(() => set.GetPool("a"));
    }

    [Fact]
    public async Task Sets_under_keys_have_settings_of_their_own()
    {
        ServiceCollection services = new();
        services.AddSqlitePoolSet("orders", "orders-folder");
        services.AddSqlitePoolSet("users", "users-folder");
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(
            Path.GetFullPath("users-folder/a.db"),
            provider.GetRequiredKeyedService<SqlitePoolSet>("users").GetPath("a")
        );
        Assert.Equal(
            Path.GetFullPath("orders-folder/a.db"),
            provider.GetRequiredKeyedService<SqlitePoolSet>("orders").GetPath("a")
        );
    }

    [Fact]
    public async Task Settings_come_from_the_configuration()
    {
        using TempDatabase folder = new();
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["Tenants:Folder"] = folder.In("bound"),
                    ["Tenants:MaxOpenConnections"] = "12",
                    ["Tenants:Pool:PoolSize"] = "3",
                }
            )
            .Build();
        ServiceCollection services = new();
        services.AddSingleton(configuration);
        services.AddSqlitePoolSet().BindConfiguration("Tenants");
        await using ServiceProvider provider = services.BuildServiceProvider();
        SqlitePoolSet set = provider.GetRequiredService<SqlitePoolSet>();
        Assert.Equal((12, 3), (set.GetStatistics().MaxOpenConnections, set["a"].GetStatistics().PoolSize));
        Assert.Equal(folder.In("bound/a.db"), set.GetPath("a"));
    }

    [Theory]
    [InlineData("MaxOpenConnection", "3", "'S:MaxOpenConnection' is unknown. Did you mean 'MaxOpenConnections'?")]
    [InlineData("Pool:PoolSise", "3", "'S:Pool:PoolSise' is unknown. Did you mean 'PoolSize'?")]
    [InlineData("Pool:Pragmas:Synchronos", "Full", "Did you mean 'Synchronous'?")]
    [InlineData("Pool:PoolSize", "x", "S:Pool:PoolSize is 'x'. Allowed: a whole number.")]
    [InlineData(
        "PoolIdleTimeout",
        "5",
        "S:PoolIdleTimeout is '5'. To .NET that is a number of days. For seconds write 00:00:05."
    )]
    [InlineData("PoolIdleTimeout", "5.00:00:00", "write 00:00:05 for 5 seconds")]
    [InlineData("Pool:RentTimeout", "5.00:00:00", "SqlitePoolSet: Pool.RentTimeout is 5.00:00:00.")]
    [InlineData("Pool", "3", "S:Pool has a single value, but is a section")]
    [InlineData("FileName", "x", "'S:FileName' is unknown")]
    public void A_configuration_is_checked_as_that_of_a_pool(string key, string value, string said)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("S:Folder", "tenants"), new($"S:{key}", value)])
            .Build();
        foreach (bool bySection in new[] { false, true })
        {
            ServiceCollection services = [];
            services.AddSingleton(configuration);
            OptionsBuilder<SqlitePoolSetOptions> builder = services.AddSqlitePoolSet();
            _ = bySection ? builder.Bind(configuration.GetSection("S")) : builder.BindConfiguration("S");
            using ServiceProvider provider = services.BuildServiceProvider();
            OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
                provider.GetRequiredService<SqlitePoolSet>()
            );
            Assert.Contains(said, Assert.Single(error.Failures), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_wrong_is_said_when_the_set_is_made()
    {
        ServiceCollection services = new();
        services.AddSqlitePoolSet("tenants").Configure(options => options.MaxOpenPools = 0);
        await using ServiceProvider provider = services.BuildServiceProvider();
        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(() =>
            provider.GetRequiredService<SqlitePoolSet>()
        );
        Assert.Contains("SqlitePoolSet: MaxOpenPools", refused.Message, StringComparison.Ordinal);
    }
}
