using Pool.Sqlite;

await using SqlitePool pool = new("Data Source=quick-start.db");

using (SqlitePoolConnection connection = await pool.RentAsync())
{
    using SqlitePoolCommand command = connection.CreateCommand(
        "create table if not exists person (id integer primary key, name text)"
    );
    await command.ExecuteNonQueryAsync();
}

string name = "Ada";
await pool.ExecuteAsync($"insert into person (name) values ({name})");

long count = await pool.ReadAsync(async connection =>
{
    using SqlitePoolCommand command = connection.CreateCommand("select count(*) from person");
    return (long)(await command.ExecuteScalarAsync())!;
});

Console.WriteLine($"SQLite {pool.GetHealth().EngineVersion}, people: {count}");
