using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;
using Pool.Sqlite;
using Service.Load;

if (args is ["load"])
{
    return await LoadCommand.RunAsync();
}

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// Each of these can be set from outside: SqlitePool__PoolSize=30, SqlitePool__ConnectionString="Data
// Source=/data/service.db".
builder
    .Services.AddSqlitePool("Data Source=service.db")
    .Configure(options =>
    {
        options.PoolSize = 20;
        options.MaxOverflow = 40;
        options.RentTimeout = TimeSpan.FromSeconds(10);
        options.ProbeAfterIdle = TimeSpan.Zero; // Pre-ping: what was idle is tried before it is lent, and replaced when it fails.
        options.LeakThreshold = TimeSpan.FromSeconds(30); // Leak detection: the log names what is out for longer, and
        options.CaptureRentSite = true; // where it was rented.
    })
    .BindConfiguration("SqlitePool")
    .ValidateOnStart();
builder.Services.AddHealthChecks().AddSqlitePool(tags: ["ready"]);
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Pool.Sqlite").AddPrometheusExporter());

WebApplication app = builder.Build();
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") }); // 503 when critical.
app.MapPrometheusScrapingEndpoint("/metrics");
app.MapGet(
    "/utilization",
    (SqlitePool pool) =>
    {
        SqlitePoolHealth health = pool.GetHealth();
        SqlitePoolStatistics now = health.Statistics;
        return new
        {
            health.Utilization,
            now.InUse,
            limit = now.PoolSize + now.MaxOverflow,
            now.Waiting,
            now.Leaks,
            health.LeakSuspected,
        };
    }
);

// Something to measure: a request that holds a connection for so long.
app.MapPost(
    "/hold/{milliseconds:int}",
    async (int milliseconds, SqlitePool pool, CancellationToken cancellation) =>
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            using SqlitePoolConnection connection = await pool.RentAsync(cancellation);
            using SqlitePoolCommand command = connection.CreateCommand("select count(*) from sqlite_master");
            await command.ExecuteScalarAsync(cancellation);
            await Task.Delay(milliseconds, cancellation);
            return Results.Ok(new { took = Stopwatch.GetElapsedTime(start).TotalMilliseconds });
        }
        catch (SqlitePoolTimeoutException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }
);
await app.RunAsync();
return 0;
