using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

/// <summary>
/// LINQ over decimals, dates, regular expressions and JSON answers the same as with <c>UseSqlite</c>.
/// </summary>
public sealed class QueryTests : IDisposable
{
    private static readonly Dictionary<string, Func<Shop, object?>> Queries = new()
    {
        ["sum of decimals"] = shop => shop.Items.Sum(i => i.Price),
        ["average of decimals"] = shop => shop.Items.Average(i => i.Price),
        ["minimum of decimals"] = shop => shop.Items.Min(i => i.Price),
        ["maximum of decimals"] = shop => shop.Items.Max(i => i.Price),
        ["order by decimal"] = shop => shop.Items.OrderBy(i => i.Price).Select(i => i.Name).ToList(),
        ["order by decimal, descending"] = shop =>
            shop.Items.OrderByDescending(i => i.Price).Select(i => i.Name).ToList(),
        ["compare decimals"] = shop =>
            shop.Items.Where(i => i.Price > 9.99m).OrderBy(i => i.Id).Select(i => i.Id).ToList(),
        ["multiply decimals"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Price * 1.19m).ToList(),
        ["divide decimals"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Price / 3m).ToList(),
        ["add decimals"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Price + 0.01m).ToList(),
        ["remainder of decimals"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Price % 7m).ToList(),
        ["negate decimals"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => -i.Price).ToList(),
        ["group by, sum of decimals"] = shop =>
            shop.Items.GroupBy(i => i.Kind)
                .Select(g => new { g.Key, Sum = g.Sum(i => i.Price) })
                .OrderBy(g => g.Key)
                .ToList(),
        ["regular expression"] = shop =>
            shop.Items.Where(i => Regex.IsMatch(i.Name, "^l[ae]")).OrderBy(i => i.Id).Select(i => i.Name).ToList(),
        ["no match of a regular expression"] = shop => shop.Items.Count(i => !Regex.IsMatch(i.Name, "[0-9]")),
        ["year of a date"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Made.Year).ToList(),
        ["add days to a date"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Made.AddDays(1.5)).ToList(),
        ["compare dates"] = shop => shop.Items.Count(i => i.Made > new DateTime(2026, 3, 1)),
        ["date only"] = shop => shop.Items.Where(i => i.Day == new DateOnly(2026, 2, 2)).Select(i => i.Name).ToList(),
        ["day of the year"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Day.DayOfYear).ToList(),
        ["elements of a JSON column"] = shop =>
            shop.Items.Where(i => i.Tags.Contains("new")).OrderBy(i => i.Id).Select(i => i.Id).ToList(),
        ["count of a JSON column"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Tags.Count).ToList(),
        ["element of a JSON column"] = shop => shop.Items.OrderBy(i => i.Id).Select(i => i.Tags[0]).ToList(),
        ["split query"] = shop =>
            shop.Items.Include(i => i.Parts)
                .AsSplitQuery()
                .OrderBy(i => i.Id)
                .AsEnumerable()
                .Select(i => string.Join(",", i.Parts.Select(p => p.Name).Order()))
                .ToList(),
        ["text functions"] = shop =>
            shop.Items.OrderBy(i => i.Id)
                .Select(i =>
                    i.Name.ToUpper()
                    + i.Name.Substring(1, 2)
                    + i.Name.Replace("a", "o")
                    + i.Name.IndexOf("mp")
                    + i.Name.Trim()
                )
                .ToList(),
        ["guid"] = shop => shop.Items.Where(i => i.Code == Code(2)).Select(i => i.Name).ToList(),
        ["converted enum"] = shop => shop.Items.Count(i => i.Kind == Kind.Fancy),
        ["like"] = shop =>
            shop.Items.Where(i => EF.Functions.Like(i.Name, "%am%")).OrderBy(i => i.Id).Select(i => i.Id).ToList(),
        ["glob"] = shop =>
            shop.Items.Where(i => EF.Functions.Glob(i.Name, "*m?")).OrderBy(i => i.Id).Select(i => i.Id).ToList(),
    };

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public QueryTests()
    {
        _pool = new SqlitePool(_database.Options());
        using Shop shop = OnThePool();
        shop.Database.EnsureCreated();
        for (int i = 0; i < 12; i++)
        {
            shop.Add(
                new Item
                {
                    Name = $"l{"aeiou"[i % 5]}mp{(i % 4 == 0 ? "s" : "")}",
                    Price = (i - 3) * 7.77m,
                    Code = Code(i),
                    Made = new DateTime(2026, 1, 1).AddDays(i * 13.25),
                    Day = new DateOnly(2026, 1, 1).AddDays(i * 16),
                    Warranty = TimeSpan.FromHours(i * 30),
                    Kind = i % 3 == 0 ? Kind.Fancy : Kind.Plain,
                    Tags = i % 2 == 0 ? ["new", $"t{i}"] : ["old"],
                    Parts =
                    {
                        new Part { Name = "bulb" },
                        new Part { Name = $"foot{i}" },
                    },
                }
            );
        }

        shop.SaveChanges();
    }

    public static TheoryData<string> Names => [.. Queries.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_query_answers_as_with_UseSqlite(string name)
    {
        using Shop pooled = OnThePool();
        using Shop plain = new(
            new DbContextOptionsBuilder().UseSqlite($"Data Source={_database.Path};Pooling=False").Options
        );

        Assert.Equivalent(Queries[name](plain), Queries[name](pooled), strict: true);
    }

    [Fact]
    public void Functions_are_registered_once_for_each_connection_and_it_is_kept()
    {
        for (int i = 0; i < 5; i++)
        {
            using Shop shop = OnThePool();
            Assert.Equal(12, shop.Items.Count(item => Regex.IsMatch(item.Name, "l")));
            using SqlitePoolConnection lease = _pool.Rent();
            _ = lease.SqliteConnection;
        }

        Assert.Equal(0, _pool.GetStatistics().Discarded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_connection_of_the_pool_in_the_options_has_the_functions_and_no_warning(bool isOwned)
    {
        using SqlitePoolConnection connection = _pool.CreateConnection();
        DbContextOptionsBuilder options = new();
        options
            .UseSqlitePool(_pool)
            .UseSqlite(connection, isOwned)
            .ConfigureWarnings(warnings => warnings.Throw(SqliteEventId.UnexpectedConnectionTypeWarning));
        using Shop shop = new(options.Options);

        Assert.Equal(12, shop.Items.Count(item => Regex.IsMatch(item.Name, "l")));
        Assert.Equal(30 * 7.77m, shop.Items.Sum(item => item.Price));
        Assert.Same(connection, shop.Database.GetDbConnection());
    }

    [Fact]
    public void A_lease_in_the_options_keeps_its_transaction_across_contexts()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        DbContextOptions options = new DbContextOptionsBuilder().UseSqlitePool(_pool).UseSqlite(lease).Options;
        using (Shop first = new(options))
        using (IDbContextTransaction transaction = first.Database.BeginTransaction())
        {
            using Shop second = new(options);
            second.Database.UseTransaction(transaction.GetDbTransaction());
            second.Items.ExecuteUpdate(set => set.SetProperty(item => item.Name, "gone"));
        }

        using Shop after = OnThePool();
        Assert.Equal(0, after.Items.Count(item => item.Name == "gone"));
    }

    [Fact]
    public void A_lease_that_replaces_a_function_of_EF_is_still_given_up()
    {
        using (Shop shop = OnThePool())
        {
            shop.Database.OpenConnection();
            SqliteConnection driver = ((SqlitePoolConnection)shop.Database.GetDbConnection()).SqliteConnection;
            driver.CreateFunction("regexp", (string? _, string? _) => true);
        }

        Assert.Equal(1, _pool.GetStatistics().Discarded);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private static Guid Code(int i) => new(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    private Shop OnThePool() => new(new DbContextOptionsBuilder().UseSqlitePool(_pool).Options);
}
