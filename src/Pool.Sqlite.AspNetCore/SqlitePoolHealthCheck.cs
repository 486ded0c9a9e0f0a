using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Pool.Sqlite.AspNetCore;

/// <summary>Reads from the database as any user of the pool would, and then asks the pool how it is.</summary>
internal sealed class SqlitePoolHealthCheck(SqlitePool pool, TimeSpan limit) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        long start = Stopwatch.GetTimestamp();
        Exception? failure = await Read(cancellationToken).ConfigureAwait(false);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        cancellationToken.ThrowIfCancellationRequested();

        SqlitePoolHealth health = pool.GetHealth();
        HealthStatus status = health.Status switch
        {
            _ when failure is not null => context.Registration.FailureStatus,
            SqlitePoolStatus.Critical => context.Registration.FailureStatus,
            SqlitePoolStatus.Warning => HealthStatus.Degraded,
            _ => HealthStatus.Healthy,
        };
        return new HealthCheckResult(status, Describe(failure, took, health), failure, Data(health, took));
    }

    private async Task<Exception?> Read(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(limit);
        try
        {
            using SqlitePoolConnection reader = await pool.RentReaderAsync(limited.Token).ConfigureAwait(false);
            using SqlitePoolCommand command = reader.CreateCommand("select count(*) from sqlite_master");
            await command.ExecuteScalarAsync(limited.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException e)
        {
            return new TimeoutException($"No connection and no answer within {Seconds(limit)}.", e);
        }
        // Whatever keeps a read from succeeding is what this looks for.
        catch (Exception e)
        {
            return e;
        }
    }

    private string Describe(Exception? failure, TimeSpan took, SqlitePoolHealth health)
    {
        string[] reasons = failure is null
            ? [.. health.Reasons]
            : [$"Reading failed: {failure.Message}", .. health.Reasons];
        SqlitePoolStatistics figures = health.Statistics;
        return reasons is [_, ..]
            ? $"Pool '{pool.Name}': {string.Join(" ", reasons)}"
            : $"Pool '{pool.Name}': read in {Seconds(took)}, {figures.InUse} of {figures.PoolSize + figures.MaxOverflow} connections in use.";
    }

    private static Dictionary<string, object> Data(SqlitePoolHealth health, TimeSpan took) =>
        new()
        {
            ["readSeconds"] = took.TotalSeconds,
            ["utilization"] = health.Utilization,
            ["inUse"] = health.Statistics.InUse,
            ["idle"] = health.Statistics.Idle,
            ["waiting"] = health.Statistics.Waiting,
            ["poolSize"] = health.Statistics.PoolSize,
            ["maxOverflow"] = health.Statistics.MaxOverflow,
            ["hitRatio"] = health.Statistics.HitRatio,
            ["timeouts"] = health.Statistics.Timeouts,
            ["openFailures"] = health.Statistics.OpenFailures,
            ["leaks"] = health.Statistics.Leaks,
            ["walBytes"] = health.WalBytes,
            ["engineVersion"] = health.EngineVersion,
            ["reasons"] = health.Reasons,
            ["advice"] = health.Advice.Select(static advice => advice.Id).ToArray(),
        };

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.####} s");
}
