using Microsoft.EntityFrameworkCore;

namespace Pool.Sqlite.Docs.Tests;

/// <summary>The context of the examples.</summary>
public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();
}
