using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

public sealed class ContextTests : ShopTest
{
    [Fact]
    public async Task Contexts_at_once_have_connections_of_their_own()
    {
        await Task.WhenAll(
                Enumerable
                    .Range(0, 32)
                    .Select(writer =>
                        writer % 2 == 0 ? Task.Run(() => Save(writer)) : Limit.OnThread(() => SaveBlocking(writer))
                    )
            )
            .Limited();

        await using Shop check = MakeShop();
        Assert.Equal(160, await check.Items.CountAsync());

        async Task Save(int writer)
        {
            for (int i = 0; i < 5; i++)
            {
                await using Shop shop = MakeShop();
                shop.Add(new Item { Name = $"{writer}-{i}", Parts = { new Part { Name = "part" } } });
                Assert.Equal(2, await shop.SaveChangesAsync());
                Assert.Equal(1, await shop.Items.CountAsync(item => item.Name == $"{writer}-{i}"));
            }
        }

        // On threads of their own: so many that block would leave the thread pool none.
        void SaveBlocking(int writer)
        {
            for (int i = 0; i < 5; i++)
            {
                using Shop shop = MakeShop();
                shop.Add(new Item { Name = $"{writer}-{i}", Parts = { new Part { Name = "part" } } });
                Assert.Equal(2, shop.SaveChanges());
                Assert.Equal(1, shop.Items.Count(item => item.Name == $"{writer}-{i}"));
            }
        }
    }

    [Fact]
    public void Nothing_is_said_about_an_unexpected_connection()
    {
        List<EventId> events = [];
        using Shop shop = MakeShop(options => options.LogTo((id, _) => true, data => events.Add(data.EventId)));
        Assert.Equal(0, shop.Items.Count());
        Assert.DoesNotContain(events, id => id.Id == SqliteEventId.UnexpectedConnectionTypeWarning.Id);
    }

    [Fact]
    public async Task Interceptors_see_commands_connections_and_transactions()
    {
        Seen seen = new();
        await using Shop shop = MakeShop(options => options.AddInterceptors(seen));
        shop.Add(new Item { Name = "a", Parts = { new Part { Name = "b" } } });
        await shop.SaveChangesAsync();
        Assert.True(seen.Opened >= 1 && seen.Commands >= 2);
    }

    [Fact]
    public async Task Savepoints_undo_a_part()
    {
        await using Shop shop = MakeShop();
        await using (IDbContextTransaction transaction = await shop.Database.BeginTransactionAsync())
        {
            shop.Add(new Item { Name = "one" });
            await shop.SaveChangesAsync();
            await transaction.CreateSavepointAsync("s");
            shop.Add(new Item { Name = "two" });
            await shop.SaveChangesAsync();
            await transaction.RollbackToSavepointAsync("s");
            await transaction.CommitAsync();
        }

        Assert.Equal("one", (await shop.Items.AsNoTracking().SingleAsync()).Name);
    }

    [Fact]
    public async Task Saves_between_the_rows_of_a_query_are_stored()
    {
        await using Shop shop = MakeShop();
        shop.AddRange(Enumerable.Range(0, 20).Select(i => new Item { Name = $"n{i}" }));
        await shop.SaveChangesAsync();
        await foreach (Item item in shop.Items.OrderBy(i => i.Id).AsAsyncEnumerable())
        {
            item.Name += "!";
            await shop.SaveChangesAsync();
        }

        Assert.Equal(20, await shop.Items.CountAsync(item => EF.Functions.Like(item.Name, "%!")));
    }

    [Fact]
    public async Task Work_that_another_process_makes_fail_as_busy_is_run_again_when_asked_for()
    {
        await using SqlitePool pool = new(
            new SqlitePoolOptions
            {
                ConnectionString = $"Data Source={Pool.DatabaseFile}",
                Pragmas = { BusyTimeout = TimeSpan.Zero },
            }
        );
        DbContextOptions options = new DbContextOptionsBuilder()
            .UseSqlitePool(
                pool,
                sqlite => sqlite.EnableRetryOnBusy(maxRetryCount: int.MaxValue, TimeSpan.FromMilliseconds(20))
            )
            .Options;
        using SqliteConnection stranger = new($"Data Source={Pool.DatabaseFile};Pooling=False");
        stranger.Open();
        SqliteTransaction lockHeld = stranger.BeginTransaction();
        Seen seen = new();
        await using Shop shop = new(new DbContextOptionsBuilder(options).AddInterceptors(seen).Options);
        shop.Add(new Item { Name = "late" });

        Task<int> save = Task.Run(() => shop.SaveChangesAsync());
        await Limit.Until(() => seen.Failed > 1 || save.IsCompleted);
        lockHeld.Dispose();

        Assert.Equal(1, await save.Limited());
    }

    [Fact]
    public async Task In_a_transaction_that_was_begun_blocking_a_write_on_the_pool_itself_is_refused_at_once()
    {
        await using Shop shop = MakeShop();
        using IDbContextTransaction transaction = shop.Database.BeginTransaction();
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Pool.ExecuteAsync($"insert into Items (Name) values ('late')")
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("orders")]
    public async Task Every_registration_gives_contexts_on_the_pool_of_its_key(string? key)
    {
        ServiceCollection services = new();
        _ = key is null
            ? services.AddSqlitePool($"Data Source={Pool.DatabaseFile}")
            : services.AddSqlitePool(key, $"Data Source={Pool.DatabaseFile}");
        services.AddSqlitePoolDbContext<Plain>(serviceKey: key);
        services.AddSqlitePoolDbContextPool<Pooled>(serviceKey: key);
        services.AddSqlitePoolDbContextFactory<Made>(serviceKey: key);
        services.AddPooledSqlitePoolDbContextFactory<MadeAgain>(serviceKey: key);
        await using ServiceProvider provider = services.BuildServiceProvider();
        SqlitePool pool = key is null
            ? provider.GetRequiredService<SqlitePool>()
            : provider.GetRequiredKeyedService<SqlitePool>(key);
        for (int i = 0; i < 3; i++)
        {
            await using AsyncServiceScope scope = provider.CreateAsyncScope();
            await using Made made = await provider.GetRequiredService<IDbContextFactory<Made>>().CreateDbContextAsync();
            await using MadeAgain again = await provider
                .GetRequiredService<IDbContextFactory<MadeAgain>>()
                .CreateDbContextAsync();
            DbContext[] contexts =
            [
                scope.ServiceProvider.GetRequiredService<Plain>(),
                scope.ServiceProvider.GetRequiredService<Pooled>(),
                made,
                again,
            ];
            foreach (DbContext context in contexts)
            {
                Assert.True(await context.Database.CanConnectAsync());
                Assert.Equal(
                    0,
                    await context.Database.SqlQuery<int>($"select count(*) as Value from Items").SingleAsync()
                );
            }
        }

        Assert.True(pool.GetStatistics().Rents >= 12);
        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    private sealed class Plain(DbContextOptions<Plain> options) : DbContext(options);

    private sealed class Pooled(DbContextOptions<Pooled> options) : DbContext(options);

    private sealed class Made(DbContextOptions<Made> options) : DbContext(options);

    private sealed class MadeAgain(DbContextOptions<MadeAgain> options) : DbContext(options);

    private sealed class Seen : DbCommandInterceptor, IDbConnectionInterceptor
    {
        private int _failed;

        public int Opened { get; private set; }

        public int Commands { get; private set; }

        public int Failed => Volatile.Read(ref _failed);

        public Task ConnectionOpenedAsync(
            DbConnection connection,
            ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default
        )
        {
            Opened++;
            return Task.CompletedTask;
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default
        )
        {
            Commands++;
            return new(result);
        }

        public override Task CommandFailedAsync(
            DbCommand command,
            CommandErrorEventData eventData,
            CancellationToken cancellationToken = default
        )
        {
            Interlocked.Increment(ref _failed);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_lease_that_is_given_to_a_context_has_the_functions_of_EF_too()
    {
        // On a connection that EF has not had yet.
        await Pool.ClearAsync();
        await using SqlitePoolConnection lease = await Pool.RentAsync();
        await using Shop shop = MakeShop();
        shop.Database.SetDbConnection(lease);
        shop.Items.Add(new Item { Name = "lamp", Price = 9.90m });
        shop.Items.Add(new Item { Name = "lace", Price = 0.10m });
        await shop.SaveChangesAsync();

        Assert.Equal(10m, await shop.Items.SumAsync(item => item.Price));
        Assert.Equal(2, shop.Items.Count(item => Regex.IsMatch(item.Name, "^la")));

        // EF did not open it, and does not close it.
        Assert.Equal(System.Data.ConnectionState.Open, lease.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_lease_that_is_given_to_a_context_has_them_and_reads(bool touchesDriver)
    {
        await using (Shop writes = MakeShop())
        {
            writes.Items.Add(new Item { Name = "lamp", Price = 9.90m });
            writes.Items.Add(new Item { Name = "lace", Price = 0.10m });
            await writes.SaveChangesAsync();
        }

        await Pool.ClearAsync();
        await using (SqlitePoolConnection lease = await Pool.RentReaderAsync())
        {
            if (touchesDriver)
            {
                Assert.Equal("main", lease.SqliteConnection.Database);
            }

            await using Shop shop = MakeShop();
            shop.Database.SetDbConnection(lease);
            Assert.Equal(10m, await shop.Items.SumAsync(item => item.Price));
            Assert.Equal(2, shop.Items.Count(item => Regex.IsMatch(item.Name, "^la")));
            shop.Items.Add(new Item { Name = "lock" });
            DbUpdateException refused = await Assert.ThrowsAsync<DbUpdateException>(() => shop.SaveChangesAsync());
            Assert.Contains("reader lease", refused.InnerException!.Message, StringComparison.Ordinal);
        }

        await using Shop next = MakeShop();
        next.Items.Add(new Item { Name = "lock" });
        Assert.Equal(1, await next.SaveChangesAsync());
    }
}
