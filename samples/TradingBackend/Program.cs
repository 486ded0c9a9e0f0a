using System.Data.Common;
using Dapper;
using Pool.Sqlite;
using TradingBackend;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddDatabase(builder.Configuration["DATABASE_URL"] ?? "sqlite:///trading.db");
builder.Services.AddScoped<Session>().AddScoped<Accounts>().AddScoped<Orders>().AddSingleton<Reports>();
builder.Services.AddSingleton(provider => new PriceBook(
    provider.GetRequiredService<DbDataSource>(),
    provider.GetRequiredKeyedService<DbDataSource>(Database.Reads)
));

WebApplication app = builder.Build();
DbDataSource database = app.Services.GetRequiredService<DbDataSource>();
await app.Services.GetRequiredService<PriceBook>().CreateAsync();
await database.WriteAsync(async connection =>
{
    foreach (string table in (string[])[Accounts.Schema, .. Orders.Schema])
    {
        await connection.ExecuteAsync(table);
    }
});

app.MapPut(
    "/prices/{symbol}/{cents:long}",
    async (string symbol, long cents, PriceBook prices, CancellationToken cancellation) =>
        await prices.LoadAsync([(symbol, cents)], cancellation)
);
app.MapGet("/prices", (PriceBook prices, CancellationToken cancellation) => prices.ListAsync(cancellation));

RouteGroupBuilder unit = app.MapUnitOfWork();
unit.MapPost(
    "/accounts/{id}/{cents:long}",
    async (string id, long cents, Accounts accounts) => await accounts.DepositAsync(id, cents)
);
unit.MapPost(
    "/orders",
    async (Order order, Orders orders) => new { filled = order.Quantity, cents = await orders.BuyAsync(order) }
);

app.MapGet(
    "/accounts/{id}",
    async (string id, Reports reports, CancellationToken cancellation) =>
        new
        {
            cash = await reports.CashAsync(id, cancellation),
            positions = await reports.PositionsAsync(id, cancellation),
        }
);

// The connection test: both data sources answer.
app.MapGet(
    "/health",
    async (
        [FromKeyedServices(Database.Reads)] DbDataSource reads,
        DbDataSource writes,
        CancellationToken cancellation
    ) =>
    {
        foreach (DbDataSource source in (DbDataSource[])[writes, reads])
        {
            await source.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select 1"), cancellation);
        }

        return Results.Text("Healthy");
    }
);
await app.RunAsync();
