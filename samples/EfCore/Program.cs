using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pool.Sqlite;

// EF Core as everywhere, on a pool: thirty-two units of work save at once, and none of them fails or sleeps.
string file = args is [{ } path, ..] ? path : "shop.db";
ServiceCollection services = new();
services.AddSqlitePool($"Data Source={file}");
services.AddSqlitePoolDbContextFactory<Shop>();
await using ServiceProvider provider = services.BuildServiceProvider();
IDbContextFactory<Shop> factory = provider.GetRequiredService<IDbContextFactory<Shop>>();

await using (Shop shop = await factory.CreateDbContextAsync())
{
    await shop.Database.EnsureDeletedAsync();
    await shop.Database.EnsureCreatedAsync();
    await shop.BulkInsertAsync(
        Enumerable.Range(1, 10_000).Select(i => new Product { Name = $"product {i}", Price = i / 100m })
    );
}

await Task.WhenAll(
    Enumerable
        .Range(0, 32)
        .Select(customer =>
            Task.Run(async () =>
            {
                for (int i = 0; i < 20; i++)
                {
                    await using Shop shop = await factory.CreateDbContextAsync();
                    Product product = await shop.Products.OrderBy(p => p.Id).Skip((customer * 20) + i).FirstAsync();
                    shop.Add(
                        new Order
                        {
                            Customer = customer,
                            ProductId = product.Id,
                            Paid = product.Price,
                        }
                    );
                    await shop.SaveChangesAsync();
                }
            })
        )
);

await using (Shop shop = await factory.CreateDbContextAsync())
{
    decimal paid = await shop.Orders.SumAsync(order => order.Paid);
    SqlitePoolStatistics statistics = provider.GetRequiredService<SqlitePool>().GetStatistics();
    Console.WriteLine(
        $"{await shop.Orders.CountAsync()} orders, {paid} paid, {statistics.Open} connections, {statistics.Rents} rents"
    );
}

internal sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
{
    public DbSet<Product> Products => Set<Product>();

    public DbSet<Order> Orders => Set<Order>();
}

internal sealed class Product
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public decimal Price { get; set; }
}

internal sealed class Order
{
    public int Id { get; set; }

    public int Customer { get; set; }

    public int ProductId { get; set; }

    public decimal Paid { get; set; }
}
