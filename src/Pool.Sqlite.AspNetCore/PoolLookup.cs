using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.AspNetCore;

internal static class PoolLookup
{
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static SqlitePool Find(IServiceProvider services, object? serviceKey)
    {
        SqlitePool? pool = serviceKey is null
            ? services.GetService<SqlitePool>()
            : services.GetKeyedService<SqlitePool>(serviceKey);
        return pool
            ?? throw new InvalidOperationException(
                serviceKey is null
                    ? "No SqlitePool is registered. Call services.AddSqlitePool(connectionString), or pass the serviceKey of a keyed one."
                    : $"No SqlitePool is registered with the key '{serviceKey}'. Call services.AddSqlitePool(serviceKey, connectionString)."
            );
    }
}
