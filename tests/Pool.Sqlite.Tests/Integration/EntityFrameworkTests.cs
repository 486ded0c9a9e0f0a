using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Integration;

public sealed class EntityFrameworkTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public EntityFrameworkTests()
    {
        _pool = new SqlitePool(_database.Options());
        using Shop shop = new(_pool);
        Assert.True(shop.Database.EnsureCreated());
        Assert.False(shop.Database.EnsureCreated());
    }

    [Fact]
    public async Task What_is_saved_is_found_changed_and_deleted()
    {
        Guid code = Guid.NewGuid();
        DateTime made = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        await using (Shop shop = new(_pool))
        {
            shop.Add(
                new Item
                {
                    Name = "lamp",
                    Price = 12.5m,
                    Code = code,
                    Made = made,
                    Parts =
                    {
                        new Part { Name = "bulb" },
                        new Part { Name = "foot" },
                    },
                }
            );
            Assert.Equal(3, await shop.SaveChangesAsync());
        }

        await using (Shop shop = new(_pool))
        {
            Item item = await shop.Items.Include(i => i.Parts).SingleAsync(i => i.Name.StartsWith("la"));
            Assert.Equal((12.5m, code, made), (item.Price, item.Code, item.Made));
            Assert.Equal(["bulb", "foot"], item.Parts.Select(part => part.Name).Order());
            item.Name = "lantern";
            shop.Remove(item.Parts[0]);
            Assert.Equal(2, shop.SaveChanges());
        }

        await using (Shop shop = new(_pool))
        {
            Assert.Equal(1, await shop.Items.CountAsync(i => i.Name == "lantern" && i.Parts.Count == 1));
            Assert.Equal(1, await shop.Database.ExecuteSqlInterpolatedAsync($"update Items set Name = {"lamp"}"));
            Assert.Equal("lamp", shop.Items.AsNoTracking().Single().Name);
        }

        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transactions_commit_and_roll_back(bool commits)
    {
        await using (Shop shop = new(_pool))
        {
            await using IDbContextTransaction transaction = await shop.Database.BeginTransactionAsync();
            shop.Add(new Item { Name = "one" });
            await shop.SaveChangesAsync();
            await transaction.CreateSavepointAsync("two");
            shop.Add(new Item { Name = "two" });
            await shop.SaveChangesAsync();
            await transaction.RollbackToSavepointAsync("two");
            if (commits)
            {
                await transaction.CommitAsync();
            }
        }

        await using Shop check = new(_pool);
        Assert.Equal(commits ? 1 : 0, await check.Items.CountAsync());
    }

    [Fact]
    public async Task A_save_that_breaks_a_rule_saves_nothing_and_leaves_the_gate_free()
    {
        await using Shop shop = new(_pool);
        shop.Add(new Item { Name = "good" });
        shop.Add(new Part { Name = "lost", ItemId = 99 });
        await Assert.ThrowsAsync<DbUpdateException>(() => shop.SaveChangesAsync());
        Assert.Equal(0, await shop.Items.CountAsync());
        Assert.Equal(
            1,
            await _pool.ExecuteAsync($"insert into Items (Name, Price, Code, Made) values ('x', 1, 'c', 'd')")
        );
    }

    [Fact]
    public async Task Sixteen_contexts_save_at_once()
    {
        await Task.WhenAll(
                Enumerable
                    .Range(0, 16)
                    .Select(writer =>
                        Task.Run(async () =>
                        {
                            for (int i = 0; i < 10; i++)
                            {
                                await using Shop shop = new(_pool);
                                shop.Add(new Item { Name = $"{writer}-{i}", Parts = { new Part { Name = "part" } } });
                                Assert.Equal(2, writer % 2 == 0 ? await shop.SaveChangesAsync() : shop.SaveChanges());
                                Assert.Equal(1, await shop.Items.CountAsync(item => item.Name == $"{writer}-{i}"));
                            }
                        })
                    )
            )
            .Limited();
        await using Shop check = new(_pool);
        Assert.Equal(160, await check.Items.CountAsync());
        Assert.Equal(160, await check.Parts.CountAsync());
        Assert.Equal(0, _pool.GetStatistics().OpenFailures);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private sealed class Shop(SqlitePool pool) : DbContext
    {
        private readonly SqlitePoolConnection _connection = pool.CreateConnection();

        public DbSet<Item> Items => Set<Item>();

        public DbSet<Part> Parts => Set<Part>();

        public override void Dispose()
        {
            base.Dispose();
            _connection.Dispose();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await _connection.DisposeAsync();
        }

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) =>
            optionsBuilder.UseSqlite(_connection);
    }

    private sealed class Item
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public decimal Price { get; set; }

        public Guid Code { get; set; }

        public DateTime Made { get; set; }

        public List<Part> Parts { get; } = [];
    }

    private sealed class Part
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public int ItemId { get; set; }
    }
}
