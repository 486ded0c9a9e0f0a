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
        return pool ?? throw new InvalidOperationException(NoPool(serviceKey?.ToString()));
    }

    private static string NoPool(string? key) =>
        key is null
            ? "No SqlitePool is registered. Call services.AddSqlitePool(connectionString), or pass the serviceKey of a keyed one."
        // Not shown: a connection string can have a password in it.
        : key.Contains('=', StringComparison.Ordinal)
            ? "The serviceKey looks like a connection string. Pass that to services.AddSqlitePool(serviceKey, connectionString), and here "
                + "the serviceKey alone."
        : $"No SqlitePool is registered with the key '{key}'. Call services.AddSqlitePool(serviceKey, connectionString).";
}
