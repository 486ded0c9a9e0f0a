using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

/// <summary>Contexts that are given EF's services, instead of those that EF makes.</summary>
public sealed class InternalServicesTests : ShopTest
{
    [Fact]
    public async Task A_context_with_the_services_of_the_pool_uses_the_pool()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddEntityFrameworkSqlitePool()
            .BuildServiceProvider();
        long rents = Pool.GetStatistics().Rents;
        await using Shop shop = MakeShop(options => options.UseInternalServiceProvider(services));

        Assert.Empty(await shop.Items.OrderBy(item => item.Price).ToListAsync());

        Assert.Equal(rents + 1, Pool.GetStatistics().Rents);
        Assert.IsType<SqlitePoolConnection>(shop.Database.GetDbConnection());
    }

    [Fact]
    public async Task One_with_the_services_of_the_provider_is_told_what_to_add()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddEntityFrameworkSqlite()
            .BuildServiceProvider();

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() =>
            MakeShop(options => options.UseInternalServiceProvider(services))
        );

        Assert.Contains("AddEntityFrameworkSqlitePool()", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_without_a_pool_is_told_to_use_one()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddEntityFrameworkSqlitePool()
            .BuildServiceProvider();
        DbContextOptionsBuilder<Shop> options = new();
        options.UseSqlite("Data Source=:memory:").UseInternalServiceProvider(services);

        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using Shop shop = new(options.Options);
            await shop.Items.ToListAsync();
        });

        Assert.Contains("UseSqlitePool(pool)", refused.Message, StringComparison.Ordinal);
    }
}
