using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

/// <summary>Contexts whose settings come from other services of the container.</summary>
public sealed class RegistrationFromServicesTests : ShopTest
{
    [Theory]
    [InlineData(null)]
    [InlineData("orders")]
    public async Task Every_registration_hands_the_services_to_its_settings(string? key)
    {
        ServiceCollection services = new();
        services.AddSingleton<Seen>();
        _ = key is null
            ? services.AddSqlitePool($"Data Source={Pool.DatabaseFile}")
            : services.AddSqlitePool(key, $"Data Source={Pool.DatabaseFile}");
        services.AddSqlitePoolDbContext<Plain>((provider, options) => Watch(provider, options), serviceKey: key);
        services.AddSqlitePoolDbContextPool<Pooled>(Watch, sqlite => sqlite.CommandTimeout(7), key);
        services.AddSqlitePoolDbContextFactory<Made>(optionsAction: Watch, serviceKey: key);
        services.AddPooledSqlitePoolDbContextFactory<MadeAgain>(
            (provider, options) => options.AddInterceptors(provider.GetRequiredService<Seen>()),
            serviceKey: key
        );
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        await using AsyncServiceScope scope = provider.CreateAsyncScope();
        await using Made made = provider.GetRequiredService<IDbContextFactory<Made>>().CreateDbContext();
        await using MadeAgain again = provider.GetRequiredService<IDbContextFactory<MadeAgain>>().CreateDbContext();
        DbContext[] contexts =
        [
            scope.ServiceProvider.GetRequiredService<Plain>(),
            scope.ServiceProvider.GetRequiredService<Pooled>(),
            made,
            again,
        ];
        foreach (DbContext context in contexts)
        {
            await context.Database.OpenConnectionAsync();
            Assert.IsType<SqlitePoolConnection>(context.Database.GetDbConnection());
            await context.Database.CloseConnectionAsync();
        }

        Assert.Equal(contexts.Length, provider.GetRequiredService<Seen>().Opened);
        Assert.Equal(7, contexts[1].Database.GetCommandTimeout());
    }

    [Fact]
    public void The_forms_without_services_are_the_ones_they_were()
    {
        ServiceCollection services = new();
        services.AddSqlitePoolDbContext<Plain>(null, options => { });
        services.AddSqlitePoolDbContext<Pooled>(optionsAction: null);
        services.AddSqlitePoolDbContextFactory<Made>(sqlite => sqlite.CommandTimeout(1), options => { }, "key");
        Assert.Contains(services, static service => service.ServiceType == typeof(Plain));
        Assert.Throws<ArgumentNullException>(() =>
            services.AddSqlitePoolDbContext<MadeAgain>((Action<IServiceProvider, DbContextOptionsBuilder>)null!)
        );
        Assert.DoesNotContain(services, static service => service.ServiceType == typeof(MadeAgain));
    }

    private static void Watch(IServiceProvider provider, DbContextOptionsBuilder options) =>
        options.AddInterceptors(provider.GetRequiredService<Seen>());

    private sealed class Seen : DbConnectionInterceptor
    {
        public int Opened { get; private set; }

        public override Task ConnectionOpenedAsync(
            System.Data.Common.DbConnection connection,
            ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default
        )
        {
            Opened++;
            return Task.CompletedTask;
        }
    }

    private sealed class Plain(DbContextOptions<Plain> options) : DbContext(options);

    private sealed class Pooled(DbContextOptions<Pooled> options) : DbContext(options);

    private sealed class Made(DbContextOptions<Made> options) : DbContext(options);

    private sealed class MadeAgain(DbContextOptions<MadeAgain> options) : DbContext(options);
}
