using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

public sealed class BulkInsertTests : ShopTest
{
    [Fact]
    public async Task Entities_are_stored_as_SaveChanges_stores_them()
    {
        Item Make() =>
            new()
            {
                Name = "lamp",
                Price = 12.50m,
                Code = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
                Made = new DateTime(2026, 1, 2, 3, 4, 5),
                Day = new DateOnly(2026, 1, 2),
                Warranty = TimeSpan.FromDays(1.5),
                Kind = Kind.Fancy,
                Tags = ["a", "b"],
            };
        await using Shop shop = MakeShop();
        shop.Add(Make());
        await shop.SaveChangesAsync();
        await shop.BulkInsertAsync([Make()]);

        string[] columns = ["Name", "Price", "Code", "Made", "Day", "Warranty", "Kind", "Tags"];
        await using SqlitePoolConnection connection = await Pool.RentAsync();
        foreach (string column in columns)
        {
            SqlitePoolCommand command = connection.CreateCommand(
                $"select count(distinct typeof({column}) || quote({column})) from Items"
            );
            Assert.Equal(1L, command.ExecuteScalar());
        }
    }

    [Fact]
    public async Task Generated_keys_are_written_back_and_progress_is_told()
    {
        List<long> told = [];
        Item[] items = [.. Enumerable.Range(0, 2_500).Select(i => new Item { Name = $"n{i}" })];
        await using Shop shop = MakeShop();

        Assert.Equal(2_500, await shop.BulkInsertAsync(items, new Told(told)));

        Assert.Equal(Enumerable.Range(1, 2_500), items.Select(item => item.Id));
        Assert.Equal([1_000L, 2_000L, 2_500L], told);
        Assert.Empty(shop.ChangeTracker.Entries());
        Assert.Equal("n41", (await shop.Items.FindAsync(42))!.Name);
    }

    [Fact]
    public async Task A_key_that_is_given_is_kept()
    {
        await using Shop shop = MakeShop();
        Item[] items = [new() { Name = "a", Id = 70 }, new() { Name = "b" }, new() { Name = "c", Id = 50 }];
        await shop.BulkInsertAsync(items);
        Assert.Equal([70, 71, 50], items.Select(item => item.Id));
    }

    [Fact]
    public async Task Types_of_a_hierarchy_and_values_of_EFs_own_generators_are_stored()
    {
        await using Shop shop = MakeShop();
        Animal[] animals = [new Cat { Name = "Tom", Lives = 9 }, new Dog { Name = "Rex", Trick = "sit" }];
        await shop.BulkInsertAsync(animals);

        Assert.DoesNotContain(animals, animal => animal.Id == Guid.Empty);
        Assert.Equal(9, (await shop.Set<Cat>().SingleAsync()).Lives);
        Assert.Equal("sit", (await shop.Set<Dog>().SingleAsync(dog => dog.Id == animals[1].Id)).Trick);
    }

    [Fact]
    public async Task Defaults_and_computed_columns_come_from_the_database()
    {
        await using Shop shop = MakeShop();
        Setting[] settings = [new() { Key = "a", Value = null! }, new() { Key = "b", Value = "two" }];
        await shop.BulkInsertAsync(settings);
        Assert.Equal([("a", "none", "A"), ("b", "two", "B")], settings.Select(s => (s.Key, s.Value, s.Upper)));
    }

    [Fact]
    public async Task One_that_fails_leaves_none()
    {
        await using Shop shop = MakeShop();
        Item[] items = [new() { Name = "a", Id = 1 }, new() { Name = "b", Id = 1 }];
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => shop.BulkInsertAsync(items));
        Assert.Equal(0, await shop.Items.CountAsync());
    }

    [Fact]
    public async Task The_transaction_of_the_caller_decides()
    {
        await using Shop shop = MakeShop();
        await using (IDbContextTransaction transaction = await shop.Database.BeginTransactionAsync())
        {
            await shop.BulkInsertAsync([new Item { Name = "a" }]);
            await transaction.RollbackAsync();
        }

        Assert.Equal(0, await shop.Items.CountAsync());
    }

    [Fact]
    public async Task A_cancelled_one_stores_nothing()
    {
        using CancellationTokenSource cancelled = new();
        await using Shop shop = MakeShop();
        IEnumerable<Item> Items()
        {
            for (int i = 0; ; i++)
            {
                if (i == 100)
                {
                    cancelled.Cancel();
                }

                yield return new Item { Name = $"{i}" };
            }
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            shop.BulkInsertAsync(Items(), null, cancelled.Token)
        );
        Assert.Equal(0, await shop.Items.CountAsync());
    }

    [Fact]
    public async Task A_token_may_stand_right_after_the_entities()
    {
        using CancellationTokenSource stop = new();
        await using Shop shop = MakeShop();
        Assert.Equal(1, await shop.BulkInsertAsync([new Item { Name = "a" }], stop.Token));
        Assert.Equal(1, await shop.BulkInsertAsync([new Item { Name = "b" }], cancellationToken: stop.Token));
        Assert.Equal(1, await shop.BulkInsertAsync([new Item { Name = "c" }], default));
        Assert.Equal(1, await shop.BulkInsertAsync([new Item { Name = "d" }], null));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            shop.BulkInsertAsync([new Item { Name = "e" }], stop.Token)
        );
        Assert.Equal(4, await shop.Items.CountAsync());
    }

    [Fact]
    public async Task A_type_outside_the_model_is_refused_with_what_to_do()
    {
        await using Shop shop = MakeShop();
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            shop.BulkInsertAsync(["text"])
        );
        Assert.Contains("Add it to the model", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_null_among_the_entities_is_named_by_its_index_and_nothing_is_stored()
    {
        await using Shop shop = MakeShop();
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            shop.BulkInsertAsync([new Item { Name = "a" }, null!, new Item { Name = "c" }])
        );
        Assert.Contains("index 1 is null", refused.Message, StringComparison.Ordinal);
        Assert.Equal("entities", refused.ParamName);
        Assert.Equal(0, await shop.Items.CountAsync());
    }

    private sealed class Told(List<long> list) : IProgress<long>
    {
        public void Report(long value) => list.Add(value);
    }
}
