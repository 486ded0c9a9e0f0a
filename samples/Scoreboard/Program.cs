using Dapper;
using Microsoft.AspNetCore.Authentication;
using Pool.Sqlite;
using Scoreboard;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddSqlitePool(builder.Configuration.GetConnectionString("Scores") ?? "Data Source=scores.db");
builder.Services.AddSingleton<UnitOfWork>();
builder
    .Services.AddAuthentication(ApiKeyHandler.SchemeName)
    .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
builder.Services.AddAuthorizationBuilder().AddPolicy("admin", policy => policy.RequireRole("admin"));

WebApplication app = builder.Build();
SqlitePool pool = app.Services.GetRequiredService<SqlitePool>();
await pool.ExecuteAsync($"create table if not exists score (employee text primary key, points integer not null)");
await pool.WarmUpAsync(); // The first requests do not open files.

app.MapPost(
    "/award/{employee}/{points:long}",
    async (string employee, long points, UnitOfWork unit, CancellationToken cancellation) =>
        await unit.RunAsync(scores => scores.AwardAsync(employee, points), cancellation)
);
app.MapPost(
    "/give/{from}/{to}/{points:long}",
    async (string from, string to, long points, UnitOfWork unit, CancellationToken cancellation) =>
        await unit.RunAsync(
            async scores =>
            {
                await scores.AwardAsync(to, points);
                await scores.AwardAsync(from, -points);
                await scores.ThrowIfBelowZeroAsync(from); // Throws: nothing of the above is stored.
            },
            cancellation
        )
);
app.MapGet(
    "/standings",
    async (SqlitePool pool, CancellationToken cancellation) =>
    {
        using SqlitePoolConnection connection = await pool.RentReaderAsync(cancellation);
        return await connection.QueryAsync<Standing>(
            "select employee, points from score order by points desc, employee"
        );
    }
);
app.MapSqlitePool("/admin/pool").RequireAuthorization("admin");
app.MapGet("/admin/advice", (SqlitePool pool) => pool.GetHealth().Advice).RequireAuthorization("admin");
await app.RunAsync();
