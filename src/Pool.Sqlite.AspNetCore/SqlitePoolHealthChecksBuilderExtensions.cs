using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pool.Sqlite;
using Pool.Sqlite.AspNetCore;
using Pool.Sqlite.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds pools to the health checks.</summary>
public static class SqlitePoolHealthChecksBuilderExtensions
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Adds a check that reads from the database through a reader lease, and then asks
    /// <see cref="SqlitePool.GetHealth"/>: degraded when the pool warns; unhealthy when it is critical, or the read
    /// fails. Figures, reasons and the ids of advice are attached as data.
    /// </summary>
    /// <param name="builder">From <c>AddHealthChecks()</c>.</param>
    /// <param name="name">
    /// The check's name. Default: <c>sqlite_pool</c>, for a keyed pool <c>sqlite_pool_</c> and the key.
    /// </param>
    /// <param name="serviceKey">The key that the pool was added with; null for the one without.</param>
    /// <param name="failureStatus">What to report instead of unhealthy.</param>
    /// <param name="tags">To choose checks by.</param>
    /// <param name="timeout">How long renting and reading may take together. Default 5 seconds.</param>
    /// <exception cref="ArgumentException">The name or the key is a connection string.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is not positive.</exception>
    public static IHealthChecksBuilder AddSqlitePool(
        this IHealthChecksBuilder builder,
        string? name = null,
        object? serviceKey = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? timeout = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        MistakenName.Refuse(serviceKey, "Pass the key of services.AddSqlitePool(key, connectionString).");
        if (MistakenName.IsConnectionString(name))
        {
            throw new ArgumentException(
                "The name of the check is a connection string (not shown here: it may have a password). Write "
                    + "services.AddSqlitePool(connectionString), and here the name of the check or nothing.",
                nameof(name)
            );
        }

        TimeSpan limit = timeout ?? DefaultTimeout;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(timeout));
        return builder.Add(
            new HealthCheckRegistration(
                name ?? (serviceKey is null ? "sqlite_pool" : $"sqlite_pool_{serviceKey}"),
                services => new SqlitePoolHealthCheck(PoolLookup.Find(services, serviceKey), limit),
                failureStatus,
                tags
            )
        );
    }
}
