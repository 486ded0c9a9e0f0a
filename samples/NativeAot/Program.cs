using Microsoft.Extensions.DependencyInjection;
using Pool.Sqlite;

ServiceCollection services = new();
services.AddSqlitePool("Data Source=native-aot.db").Configure(static options => options.PoolSize = 4);
await using ServiceProvider provider = services.BuildServiceProvider();

SqlitePool pool = provider.GetRequiredService<SqlitePool>();
await pool.ExecuteAsync($"create table if not exists person (id integer primary key, name text)");

string name = "Ada";
await pool.ExecuteAsync($"insert into person (name) values ({name})");
await pool.Writes.ExecuteAsync($"insert into person (name) values ({"Grace"})");

long count = await pool.ReadAsync(async connection =>
{
    using SqlitePoolCommand command = connection.CreateCommand("select count(*) from person");
    return (long)(await command.ExecuteScalarAsync())!;
});

Console.WriteLine($"Native code, SQLite {pool.GetHealth().EngineVersion}, people: {count}");
