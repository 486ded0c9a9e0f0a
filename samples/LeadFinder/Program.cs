using LeadFinder;
using Pool.Sqlite;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddSqlitePool(builder.Configuration.GetConnectionString("Leads") ?? "Data Source=leads.db");
builder.Services.AddSingleton<LeadStore>();

WebApplication app = builder.Build();
await app.Services.GetRequiredService<LeadStore>().CreateAsync();

app.MapGet(
    "/leads",
    (LeadStore leads, CancellationToken cancellation, long minimumScore = 0) =>
        leads.QueryAsync(minimumScore, cancellation)
);
app.MapPost(
    "/leads",
    async (NewLead[] found, LeadStore leads, CancellationToken cancellation) =>
        Results.Ok(new { stored = await leads.AddManyAsync(found, cancellation) })
);
app.MapPut(
    "/leads/{id:long}/score/{score:long}",
    async (long id, long score, LeadStore leads, CancellationToken cancellation) =>
        await leads.UpdateScoreAsync(id, score, cancellation) ? Results.NoContent() : Results.NotFound()
);
app.MapGet(
    "/health",
    (SqlitePool pool) =>
    {
        SqlitePoolHealth health = pool.GetHealth();
        SqlitePoolStatistics statistics = health.Statistics;
        return Results.Json(
            new
            {
                status = health.Status.ToString(),
                health.Reasons,
                pool = new
                {
                    statistics.Open,
                    statistics.InUse,
                    statistics.Waiting,
                    statistics.Hits,
                    statistics.Misses,
                    statistics.Timeouts,
                },
            },
            statusCode: health.Status == SqlitePoolStatus.Critical
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK
        );
    }
);
await app.RunAsync();
