using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

/// <summary>Contexts that are registered on a pool that is not.</summary>
public sealed class RegistrationTests
{
    [Theory]
    [InlineData(null, "No SqlitePool is registered. Call services.AddSqlitePool(connectionString)")]
    [InlineData("ordres", "No SqlitePool is registered with the key 'ordres'. Call services.AddSqlitePool(serviceKey,")]
    [InlineData("Data Source=a.db;Password=secret", "The serviceKey looks like a connection string.")]
    public void A_pool_that_is_not_registered_is_named_with_the_call_that_registers_it(string? key, string expected)
    {
        ServiceCollection services = new();
        services.AddSqlitePool("orders", "Data Source=never-made.db");
        services.AddSqlitePoolDbContext<Plain>(serviceKey: key);
        services.AddSqlitePoolDbContextFactory<Made>(serviceKey: key);
        using ServiceProvider provider = services.BuildServiceProvider();
        using IServiceScope scope = provider.CreateScope();

        string[] messages =
        [
            Assert.Throws<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<Plain>()).Message,
            Assert
                .Throws<InvalidOperationException>(() => provider.GetRequiredService<IDbContextFactory<Made>>())
                .Message,
        ];
        Assert.All(messages, message => Assert.StartsWith(expected, message, StringComparison.Ordinal));
        Assert.All(messages, message => Assert.DoesNotContain("secret", message, StringComparison.Ordinal));
    }

    private sealed class Plain(DbContextOptions<Plain> options) : DbContext(options);

    private sealed class Made(DbContextOptions<Made> options) : DbContext(options);
}
