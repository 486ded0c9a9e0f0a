using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pool.Sqlite.Tests.DependencyInjection;

/// <summary>What a configuration says takes effect or is refused.</summary>
public sealed class ConfigurationBindingTests
{
    [Theory]
    [InlineData("PoolSzie", "5", "'SqlitePool:PoolSzie' is unknown. Did you mean 'PoolSize'?")]
    [InlineData("pool_size", "5", "Did you mean 'PoolSize'?")]
    [InlineData(
        "Pragmas:Synchronos",
        "Full",
        "'SqlitePool:Pragmas:Synchronos' is unknown. Did you mean 'Synchronous'?"
    )]
    [InlineData("Writes:Capacty", "5", "Did you mean 'Capacity'?")]
    [InlineData("Health:Windw", "00:01:00", "Did you mean 'Window'?")]
    [InlineData("Entirely:Elsewhere", "5", "'SqlitePool:Entirely' is unknown. Known are: ConnectionString")]
    [InlineData("ConnectionOpened", "x", "is unknown")]
    [InlineData(
        "RentTimeout",
        "5",
        "SqlitePool:RentTimeout is '5'. To .NET that is a number of days. For seconds write 00:00:05."
    )]
    [InlineData("RentTimeout", "0.25", "write 00:00:00.2500000")]
    [InlineData("RentTimeout", "soon", "as 00:00:05")]
    [InlineData("RentTimeout", "Infinite", "-00:00:00.0010000")]
    [InlineData("Pragmas:BusyTimeout", "90", "write 00:01:30")]
    [InlineData("Writes:ItemTimeout", "5", "write 00:00:05")]
    [InlineData("RentTimeout", "5.00:00:00", "from zero to a day")]
    [InlineData("Pragmas:Synchronous", "Fulll", "Allowed: Off, Normal, Full, Extra")]
    [InlineData("Pragmas:JournalMode", "1", "Allowed: Delete, Truncate, Persist, Memory, Wal, Off")]
    [InlineData("Writes:Synchronous", "fast", "Allowed: Off, Normal, Full, Extra")]
    [InlineData("PoolSize", "many", "a whole number")]
    [InlineData("PoolSize", "99999999999", "a whole number")]
    [InlineData("PoolSize", "1.5", "a whole number")]
    [InlineData("PoolSize:Value", "5", "is a single value")]
    [InlineData("Pragmas", "WAL", "SqlitePool:Pragmas has a single value, but is a section")]
    [InlineData("Pragmas:Additional", "1", "write keys below it, as SqlitePool:Pragmas:Additional:name")]
    [InlineData("Writes", "5", "SqlitePool:Writes has a single value")]
    [InlineData("Health", "good", "SqlitePool:Health has a single value")]
    [InlineData("CaptureRentSite", "maybe", "true or false")]
    [InlineData("Health:CriticalUtilization", "much", "a number")]
    [InlineData("Health:CriticalUtilization", "NaN", "0 to 1")]
    [InlineData("Pragmas:Additional:secure_delete", "two words", "one word")]
    public void A_key_or_a_value_that_would_do_nothing_or_something_else_is_refused(
        string key,
        string value,
        string said
    )
    {
        foreach (bool bySection in new[] { false, true })
        {
            OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
                Read(bySection, ($"SqlitePool:{key}", value))
            );
            Assert.Contains(said, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
            Read(
                false,
                ("SqlitePool:PoolSzie", "5"),
                ("SqlitePool:RentTimeout", "5"),
                ("SqlitePool:Pragmas:Synchronous", "x")
            )
        );

        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public void A_section_that_is_one_value_is_refused_and_not_shown()
    {
        foreach (bool bySection in new[] { false, true })
        {
            OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
                Read(bySection, ("SqlitePool", "Data Source=x.db;Password=S3cret!"))
            );
            Assert.Contains("SqlitePool:ConnectionString", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("S3cret!", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_cannot_be_read_hides_nothing_else_that_is_wrong()
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
            Read(
                false,
                ("SqlitePool:PoolSize", "99999"),
                ("SqlitePool:MinIdle", "-1"),
                ("SqlitePool:MaxOverflow", "-1"),
                ("SqlitePool:CreateRetries", "1.5")
            )
        );

        Assert.All(
            ["PoolSize is 99999", "MinIdle is -1", "MaxOverflow is -1", "CreateRetries is '1.5'"],
            said => Assert.Contains(said, error.Message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Options_of_ones_own_are_checked_as_well()
    {
        ServiceCollection services = [];
        services
            .AddOptions<SqlitePoolOptions>()
            .Bind(new ConfigurationBuilder().AddInMemoryCollection([new("PoolSise", "3")]).Build());
        using ServiceProvider provider = services.BuildServiceProvider();
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() =>
            provider.GetRequiredService<IOptions<SqlitePoolOptions>>().Value
        );
        Assert.Contains("Did you mean 'PoolSize'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_right_is_taken()
    {
        SqlitePoolOptions options = Read(
            true,
            ("SqlitePool:poolsize", "7"),
            ("SqlitePool:RentTimeout", "0"),
            ("SqlitePool:MaxLifetime", "-00:00:00.0010000"),
            ("SqlitePool:Health:CriticalUtilization", "0.9"),
            ("SqlitePool:Pragmas:Synchronous", "full")
        );

        Assert.Equal((7, TimeSpan.Zero), (options.PoolSize, options.RentTimeout));
        Assert.Equal(Timeout.InfiniteTimeSpan, options.MaxLifetime);
        Assert.Equal((0.9, SynchronousMode.Full), (options.Health.CriticalUtilization, options.Pragmas.Synchronous));
    }

    private static SqlitePoolOptions Read(bool bySection, params (string Key, string Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(each => KeyValuePair.Create(each.Key, (string?)each.Value)))
            .Build();
        ServiceCollection services = [];
        services.AddSingleton(configuration);
        OptionsBuilder<SqlitePoolOptions> builder = services.AddSqlitePool("Data Source=x.db");
        _ = bySection ? builder.Bind(configuration.GetSection("SqlitePool")) : builder.BindConfiguration("SqlitePool");
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<SqlitePoolOptions>>().Value;
    }
}
