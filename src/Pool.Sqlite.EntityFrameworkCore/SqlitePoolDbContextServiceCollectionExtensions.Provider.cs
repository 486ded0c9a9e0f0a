using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.Extensions.DependencyInjection;

/// <content>Settings that come from other services, as with EF's own registrations.</content>
public static partial class SqlitePoolDbContextServiceCollectionExtensions
{
    /// <summary>
    /// As EF's <c>AddDbContext</c>, on the pool, with settings that other services give:
    /// <c>AddSqlitePoolDbContext&lt;Shop>((services, options) => …)</c>.
    /// </summary>
    /// <typeparam name="TContext">
    /// The context; its constructor takes <see cref="DbContextOptions{TContext}"/>.
    /// </typeparam>
    /// <param name="services">The container.</param>
    /// <param name="optionsAction">Further settings of the context; gets the provider of the services.</param>
    /// <param name="sqliteOptionsAction">Settings of the SQLite provider.</param>
    /// <param name="serviceKey">The key of the pool; null for the one without a key.</param>
    /// <returns>The container, for further calls.</returns>
    [OverloadResolutionPriority(-1)] // Behind the one whose arguments can all be left out, for null.
    public static IServiceCollection AddSqlitePoolDbContext<TContext>(
        this IServiceCollection services,
        Action<IServiceProvider, DbContextOptionsBuilder> optionsAction,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(optionsAction);
        return services.AddDbContext<TContext>(Configure(optionsAction, sqliteOptionsAction, serviceKey));
    }

    /// <summary>
    /// As EF's <c>AddDbContextPool</c>, on the pool, with settings that other services give:
    /// <c>AddSqlitePoolDbContextPool&lt;Shop>((services, options) => …)</c>.
    /// </summary>
    /// <inheritdoc cref="AddSqlitePoolDbContext{TContext}(IServiceCollection, Action{IServiceProvider, DbContextOptionsBuilder}, Action{SqliteDbContextOptionsBuilder}?, object?)"/>
    [OverloadResolutionPriority(-1)] // Behind the one whose arguments can all be left out, for null.
    public static IServiceCollection AddSqlitePoolDbContextPool<TContext>(
        this IServiceCollection services,
        Action<IServiceProvider, DbContextOptionsBuilder> optionsAction,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(optionsAction);
        return services.AddDbContextPool<TContext>(Configure(optionsAction, sqliteOptionsAction, serviceKey));
    }

    /// <summary>
    /// As EF's <c>AddDbContextFactory</c>, on the pool, with settings that other services give:
    /// <c>AddSqlitePoolDbContextFactory&lt;Shop>((services, options) => …)</c>.
    /// </summary>
    /// <inheritdoc cref="AddSqlitePoolDbContext{TContext}(IServiceCollection, Action{IServiceProvider, DbContextOptionsBuilder}, Action{SqliteDbContextOptionsBuilder}?, object?)"/>
    [OverloadResolutionPriority(-1)] // Behind the one whose arguments can all be left out, for null.
    public static IServiceCollection AddSqlitePoolDbContextFactory<TContext>(
        this IServiceCollection services,
        Action<IServiceProvider, DbContextOptionsBuilder> optionsAction,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(optionsAction);
        return services.AddDbContextFactory<TContext>(Configure(optionsAction, sqliteOptionsAction, serviceKey));
    }

    /// <summary>
    /// As EF's <c>AddPooledDbContextFactory</c>, on the pool, with settings that other services give:
    /// <c>AddPooledSqlitePoolDbContextFactory&lt;Shop>((services, options) => …)</c>.
    /// </summary>
    /// <inheritdoc cref="AddSqlitePoolDbContext{TContext}(IServiceCollection, Action{IServiceProvider, DbContextOptionsBuilder}, Action{SqliteDbContextOptionsBuilder}?, object?)"/>
    [OverloadResolutionPriority(-1)] // Behind the one whose arguments can all be left out, for null.
    public static IServiceCollection AddPooledSqlitePoolDbContextFactory<TContext>(
        this IServiceCollection services,
        Action<IServiceProvider, DbContextOptionsBuilder> optionsAction,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null,
        object? serviceKey = null
    )
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(optionsAction);
        return services.AddPooledDbContextFactory<TContext>(Configure(optionsAction, sqliteOptionsAction, serviceKey));
    }
}
