using Pool.Sqlite;

namespace MemoryTests;

/// <summary>The code under test: it takes a pool, and does not know where its database is.</summary>
internal sealed class Accounts(SqlitePool pool)
{
    public Task CreateAsync() =>
        pool.ExecuteAsync(
            $"create table account (id integer primary key, balance integer not null check (balance >= 0))"
        );

    public Task OpenAsync(long id, long balance) =>
        pool.ExecuteAsync($"insert into account (id, balance) values ({id}, {balance})");

    public Task TransferAsync(long from, long to, long amount) =>
        pool.WriteAsync(async connection =>
        {
            using SqlitePoolCommand move = connection.CreateCommand(
                "update account set balance = balance + iif(id = $to, $amount, -$amount) where id in ($from, $to)"
            );
            move.Parameters.AddWithValue("$from", from);
            move.Parameters.AddWithValue("$to", to);
            move.Parameters.AddWithValue("$amount", amount);
            await move.ExecuteNonQueryAsync();
        });

    public Task<long> BalanceAsync(long id) =>
        pool.ReadAsync(async connection =>
        {
            using SqlitePoolCommand balance = connection.CreateCommand("select balance from account where id = $id");
            balance.Parameters.AddWithValue("$id", id);
            return (long)(await balance.ExecuteScalarAsync())!;
        });
}
