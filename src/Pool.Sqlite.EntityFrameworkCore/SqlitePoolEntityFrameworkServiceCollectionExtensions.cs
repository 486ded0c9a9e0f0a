using Pool.Sqlite.EntityFrameworkCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>EF Core's own services, for contexts that are given them.</summary>
public static class SqlitePoolEntityFrameworkServiceCollectionExtensions
{
    /// <summary>
    /// Adds what EF Core's SQLite provider needs on a pool, in place of <c>AddEntityFrameworkSqlite</c>. Only for a
    /// service provider that is given to <c>UseInternalServiceProvider</c>; others need nothing beside
    /// <c>UseSqlitePool</c>.
    /// </summary>
    /// <param name="serviceCollection">The services.</param>
    /// <returns>The same services, for further calls.</returns>
    public static IServiceCollection AddEntityFrameworkSqlitePool(this IServiceCollection serviceCollection)
    {
        ArgumentNullException.ThrowIfNull(serviceCollection);
        SqlitePoolServices.Add(serviceCollection);
        return serviceCollection.AddEntityFrameworkSqlite();
    }
}
