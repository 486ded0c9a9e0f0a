using Dapper;
using Pool.Sqlite;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddSqlitePool(builder.Configuration.GetConnectionString("Todo") ?? "Data Source=todo.db");
builder.Services.AddHealthChecks().AddSqlitePool();

WebApplication app = builder.Build();
SqlitePool pool = app.Services.GetRequiredService<SqlitePool>();
await pool.ExecuteAsync(
    $"create table if not exists todo (id integer primary key, title text not null, done integer not null default 0)"
);

app.MapGet(
    "/todos",
    async (SqlitePool pool, CancellationToken cancellation) =>
    {
        using SqlitePoolConnection connection = await pool.RentReaderAsync(cancellation);
        return await connection.QueryAsync<Todo>("select id, title, done from todo order by id");
    }
);
app.MapPost(
    "/todos",
    async (NewTodo todo, SqlitePool pool, CancellationToken cancellation) =>
    {
        using SqlitePoolConnection connection = await pool.RentAsync(cancellation);
        long id = await connection.ExecuteScalarAsync<long>(
            "insert into todo (title) values (@Title) returning id",
            todo
        );
        return Results.Created($"/todos/{id}", new Todo { Id = id, Title = todo.Title });
    }
);
app.MapPut(
    "/todos/{id:long}/done",
    async (long id, SqlitePool pool, CancellationToken cancellation) =>
        await pool.ExecuteAsync($"update todo set done = 1 where id = {id}", cancellation) == 1
            ? Results.NoContent()
            : Results.NotFound()
);

app.MapHealthChecks("/healthz");
app.MapSqlitePool("/pool"); // Without RequireAuthorization() it answers callers on this machine only.
await app.RunAsync();

internal sealed record NewTodo(string Title);

internal sealed class Todo
{
    public long Id { get; init; }

    public string Title { get; init; } = "";

    public bool Done { get; init; }
}
