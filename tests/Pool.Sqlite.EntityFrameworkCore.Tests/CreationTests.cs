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

    [Theory]
    [InlineData("file")]
    [InlineData("shared memory")]
    [InlineData("private memory")]
    public async Task It_can_be_connected_to_while_it_and_its_pool_are_there(string kind)
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = kind switch
            {
                "file" => $"Data Source={_database.Path}",
                "shared memory" => $"Data Source=m{Guid.NewGuid():N};Mode=Memory;Cache=Shared",
                _ => "Data Source=:memory:",
            },
        };
        await using SqlitePool pool = new(options);
        await using Shop shop = Make(pool);
        Assert.Equal(kind != "file", shop.Database.CanConnect());
        Assert.Equal(kind != "file", await shop.Database.CanConnectAsync());
        Assert.False(_database.Exists());
        shop.Database.EnsureCreated();
        Assert.True(shop.Database.CanConnect());
        Assert.True(await shop.Database.CanConnectAsync());
        Assert.Equal(0, pool.GetStatistics().InUse);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            shop.Database.CanConnectAsync(new CancellationToken(canceled: true))
        );
        await pool.DisposeAsync();
        Assert.False(shop.Database.CanConnect());
        Assert.False(await shop.Database.CanConnectAsync());
    }

    [Fact]
    public async Task It_can_be_connected_to_from_inside_its_own_transaction()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.RentTimeout = TimeSpan.Zero;
        await using SqlitePool pool = new(options);
        await using Shop shop = Make(pool);
        await shop.Database.EnsureCreatedAsync();
        await using IDbContextTransaction transaction = await shop.Database.BeginTransactionAsync();
        Assert.True(shop.Database.CanConnect());
        Assert.True(await shop.Database.CanConnectAsync());
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task A_file_that_is_no_database_cannot_be_connected_to()
    {
        await File.WriteAllTextAsync(_database.Path, new string('x', 5000));
        await using SqlitePool pool = new(_database.Options());
        await using Shop shop = Make(pool);
        Assert.False(shop.Database.CanConnect());
        Assert.False(await shop.Database.CanConnectAsync());
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
