using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

/// <summary>Creating and deleting databases, over and over, wherever they are.</summary>
public sealed class CreationTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Theory]
    [InlineData("absolute")]
    [InlineData("relative")]
    [InlineData("uri")]
    [InlineData("shared memory")]
    [InlineData("private memory")]
    public async Task A_database_can_be_deleted_and_created_over_and_over(string kind)
    {
        string source = kind switch
        {
            "absolute" => $"Data Source={_database.Path}",
            "relative" => $"Data Source={System.IO.Path.GetRelativePath(Environment.CurrentDirectory, _database.Path)}",
            "uri" => $"Data Source=file:{_database.Path}",
            "shared memory" => $"Data Source=m{Guid.NewGuid():N};Mode=Memory;Cache=Shared",
            _ => "Data Source=:memory:",
        };
        await using SqlitePool pool = new(source);
        for (int i = 0; i < 5; i++)
        {
            await using Shop shop = Make(pool);
            Assert.Equal(
                i > 0 || kind.EndsWith("memory", StringComparison.Ordinal),
                await shop.Database.EnsureDeletedAsync()
            );
            Assert.True(await shop.Database.EnsureCreatedAsync());
            Assert.False(await shop.Database.EnsureCreatedAsync());
            Assert.Equal(0, await shop.Items.CountAsync());
            shop.Add(new Item { Name = "lamp", Parts = { new Part { Name = "bulb" } } });
            Assert.Equal(2, await shop.SaveChangesAsync());
            Assert.Equal(1, (await shop.Items.SingleAsync()).Id);
        }
    }

    [Fact]
    public void Deleting_leaves_no_file_behind()
    {
        using SqlitePool pool = new(_database.Options());
        using Shop shop = Make(pool);
        shop.Database.EnsureCreated();
        shop.Database.EnsureDeleted();

        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(_database.Path)!));
        Assert.False(shop.Database.CanConnect());
    }

    [Fact]
    public void Deleting_a_memory_database_leaves_a_file_of_its_name_alone()
    {
        string name = $"memory-{Guid.NewGuid():N}";
        File.WriteAllText(name, "mine");
        try
        {
            using SqlitePool pool = new($"Data Source={name};Mode=Memory;Cache=Shared");
            using Shop shop = Make(pool);
            shop.Database.EnsureCreated();
            shop.Database.EnsureDeleted();
            Assert.Equal("mine", File.ReadAllText(name));
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Fact]
    public void A_connection_that_was_opened_by_hand_is_open_again_after_deleting()
    {
        using SqlitePool pool = new(_database.Options());
        using Shop shop = Make(pool);
        shop.Database.OpenConnection();
        shop.Database.EnsureCreated();
        Assert.True(shop.Database.EnsureDeleted());
        Assert.True(shop.Database.EnsureCreated());
        Assert.Equal(0, shop.Items.Count());
        shop.Database.CloseConnection();
    }

    [Fact]
    public void Deleting_inside_a_transaction_is_refused()
    {
        using SqlitePool pool = new(_database.Options());
        using Shop shop = Make(pool);
        shop.Database.EnsureCreated();
        using IDbContextTransaction transaction = shop.Database.BeginTransaction();
        Assert.Contains(
            "Commit it or roll it back",
            Assert.Throws<InvalidOperationException>(() => shop.Database.EnsureDeleted()).Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => _database.Dispose();

    private static Shop Make(SqlitePool pool) => new(new DbContextOptionsBuilder().UseSqlitePool(pool).Options);
}
