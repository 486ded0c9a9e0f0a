using Microsoft.EntityFrameworkCore;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

/// <summary>A pool on a new file, and contexts on it. At the end every connection is back.</summary>
public abstract class ShopTest : IDisposable
{
    private readonly TempDatabase _database = new();

    protected ShopTest()
    {
        Pool = new SqlitePool(_database.Options());
        using Shop shop = MakeShop();
        Assert.True(shop.Database.EnsureCreated());
    }

    protected SqlitePool Pool { get; }

    public void Dispose()
    {
        int inUse = Pool.GetStatistics().InUse;
        Pool.Dispose();
        _database.Dispose();
        Assert.Equal(0, inUse);
        GC.SuppressFinalize(this);
    }

    protected Shop MakeShop(Action<DbContextOptionsBuilder>? configure = null)
    {
        DbContextOptionsBuilder<Shop> options = new();
        options.UseSqlitePool(Pool);
        configure?.Invoke(options);
        return new Shop(options.Options);
    }
}
