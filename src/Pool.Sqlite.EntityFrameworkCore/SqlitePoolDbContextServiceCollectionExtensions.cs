using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Pool.Sqlite;
using Pool.Sqlite.EntityFrameworkCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers contexts that use a <see cref="SqlitePool"/> of the container.</summary>
/// <remarks>
/// The pool itself is registered by <c>AddSqlitePool</c>. With a <c>serviceKey</c> the pool of that key is used;
/// without one, the pool that was registered without a key.
/// </remarks>
public static partial class SqlitePoolDbContextServiceCollectionExtensions
{
    /// <summary>As EF's <c>AddDbContext</c>, on the pool.</summary>
    /// <typeparam name="TContext">
    /// The context; its constructor takes <see cref="DbContextOptions{TContext}"/>.
    /// </typeparam>
    /// <param name="services">The container.</param>
    /// <param name="sqliteOptionsAction">Settings of the SQLite provider.</param>
    /// <param name="optionsAction">Further settings of the context.</param>
    /// <param name="serviceKey">The key of the pool; null for the one without a key.</param>
    /// <returns>The container, for further calls.</returns>
    public static IServiceCollection AddSqlitePoolDbContext<TContext>(
        this IServiceCollection services,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        Action<DbContextOptionsBuilder>? optionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext =>
        services.AddDbContext<TContext>(Configure(sqliteOptionsAction, optionsAction, serviceKey));

    /// <summary>As EF's <c>AddDbContextPool</c>: contexts are used again, each with a connection of its own.</summary>
    /// <inheritdoc cref="AddSqlitePoolDbContext{TContext}(IServiceCollection, Action{SqliteDbContextOptionsBuilder}?, Action{DbContextOptionsBuilder}?, object?)"/>
    public static IServiceCollection AddSqlitePoolDbContextPool<TContext>(
        this IServiceCollection services,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        Action<DbContextOptionsBuilder>? optionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext =>
        services.AddDbContextPool<TContext>(Configure(sqliteOptionsAction, optionsAction, serviceKey));

    /// <summary>As EF's <c>AddDbContextFactory</c>, on the pool.</summary>
    /// <inheritdoc cref="AddSqlitePoolDbContext{TContext}(IServiceCollection, Action{SqliteDbContextOptionsBuilder}?, Action{DbContextOptionsBuilder}?, object?)"/>
    public static IServiceCollection AddSqlitePoolDbContextFactory<TContext>(
        this IServiceCollection services,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        Action<DbContextOptionsBuilder>? optionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext =>
        services.AddDbContextFactory<TContext>(Configure(sqliteOptionsAction, optionsAction, serviceKey));

    /// <summary>As EF's <c>AddPooledDbContextFactory</c>: a factory whose contexts are used again.</summary>
    /// <inheritdoc cref="AddSqlitePoolDbContext{TContext}(IServiceCollection, Action{SqliteDbContextOptionsBuilder}?, Action{DbContextOptionsBuilder}?, object?)"/>
    public static IServiceCollection AddPooledSqlitePoolDbContextFactory<TContext>(
        this IServiceCollection services,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        Action<DbContextOptionsBuilder>? optionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext =>
        services.AddPooledDbContextFactory<TContext>(Configure(sqliteOptionsAction, optionsAction, serviceKey));

    private static Action<IServiceProvider, DbContextOptionsBuilder> Configure(
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction,
        Action<DbContextOptionsBuilder>? optionsAction,
        object? serviceKey
    ) => Configure((_, options) => optionsAction?.Invoke(options), sqliteOptionsAction, serviceKey);

    private static Action<IServiceProvider, DbContextOptionsBuilder> Configure(
        Action<IServiceProvider, DbContextOptionsBuilder> optionsAction,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction,
        object? serviceKey
    ) =>
        (provider, options) =>
        {
            options.UseSqlitePool(FindPool(provider, serviceKey), sqliteOptionsAction);
            optionsAction(provider, options);
        };

    private static SqlitePool FindPool(IServiceProvider provider, object? serviceKey)
    {
        SqlitePool? pool = serviceKey is null
            ? provider.GetService<SqlitePool>()
            : provider.GetKeyedService<SqlitePool>(serviceKey);
        return pool ?? throw new InvalidOperationException(NoPool(serviceKey));
    }

    private static string NoPool(object? serviceKey) =>
        serviceKey?.ToString() switch
        {
            null =>
                "No SqlitePool is registered. Call services.AddSqlitePool(connectionString), or pass the serviceKey of a keyed one.",

            // Not shown: a connection string can have a password in it.
            string key when key.Contains('=', StringComparison.Ordinal) =>
                "The serviceKey looks like a connection string. Pass that to services.AddSqlitePool(serviceKey, connectionString), "
                    + "and here the serviceKey alone.",
            string key =>
                $"No SqlitePool is registered with the key '{key}'. Call services.AddSqlitePool(serviceKey, connectionString).",
        };
}
