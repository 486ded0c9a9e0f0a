using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pool.Sqlite;
using Pool.Sqlite.AspNetCore;
using Pool.Sqlite.Configuration;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the endpoints that show a pool.</summary>
public static class SqlitePoolEndpointRouteBuilderExtensions
{
    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Maps a live page at <paramref name="pattern"/>, the figures as JSON at <c>stats</c> below it (all times in
    /// seconds), and <c>health</c>: 200, or 503 when the pool is critical.
    /// </summary>
    /// <remarks>
    /// It shows SQL text, file names and, with <see cref="SqlitePoolOptions.CaptureRentSite"/>, stack traces. Call
    /// <c>RequireAuthorization()</c> on what this returns. Without it only callers on this machine are answered, all
    /// others get 403, and the log says so once; <c>AllowAnonymous()</c> opens it to everybody.
    /// </remarks>
    /// <param name="endpoints">The application, or a group.</param>
    /// <param name="pattern">Where. Default <c>/pool</c>.</param>
    /// <param name="serviceKey">The key that the pool was added with; null for the one without.</param>
    /// <returns>For conventions on all three, such as <c>RequireAuthorization()</c>.</returns>
    /// <exception cref="ArgumentException">The pattern is a connection string.</exception>
    /// <exception cref="InvalidOperationException">No such pool is registered.</exception>
    /// <example><code>app.MapSqlitePool("/pool").RequireAuthorization("Operators");</code></example>
    public static IEndpointConventionBuilder MapSqlitePool(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern = "/pool",
        object? serviceKey = null
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (MistakenName.IsConnectionString(pattern))
        {
            throw new ArgumentException(
                "The pattern is a connection string (not shown here: it may have a password). Write a path, such as \"/pool\".",
                nameof(pattern)
            );
        }

        SqlitePool pool = PoolLookup.Find(endpoints.ServiceProvider, serviceKey);
        PoolEndpoints answers = new(pool, endpoints.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System);
        LocalCallersOnly guard = new(
            pool.Name,
            endpoints.ServiceProvider.GetService<ILoggerFactory>()?.CreateLogger("Pool.Sqlite.AspNetCore")
                ?? NullLogger.Instance
        );
        RouteGroupBuilder group = endpoints.MapGroup(pattern);
        group
            .MapMethods("/", GetAndHead, guard.Around(PoolEndpoints.Page))
            .WithDisplayName($"SQLite pool '{pool.Name}': page");
        group
            .MapMethods("/stats", GetAndHead, guard.Around(answers.Stats))
            .WithDisplayName($"SQLite pool '{pool.Name}': stats");
        group
            .MapMethods("/health", GetAndHead, guard.Around(answers.Health))
            .WithDisplayName($"SQLite pool '{pool.Name}': health");
        return group;
    }
}
