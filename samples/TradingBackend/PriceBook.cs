using System.Data.Common;
using Dapper;
using Pool.Sqlite;

namespace TradingBackend;

public sealed record Price(string Symbol, long Cents, long Changes);

/// <summary>Prices, the same on SQLite and on PostgreSQL: a data source to write to, and one for what only reads.</summary>
public sealed class PriceBook(DbDataSource database, DbDataSource reads)
{
    public Task CreateAsync() =>
        database.ExecuteAsync(
            $"""
            create table if not exists price (
              symbol text primary key, cents bigint not null check (cents > 0), changes bigint not null)
            """
        );

    /// <summary>Stores all of them, or none.</summary>
    public Task<long> LoadAsync(
        IEnumerable<(string Symbol, long Cents)> prices,
        CancellationToken cancellation = default
    ) =>
        database.ExecuteManyAsync(
            """
            insert into price (symbol, cents, changes) values (@symbol, @cents, 0)
            on conflict (symbol) do update set cents = excluded.cents, changes = price.changes + 1
            """,
            prices.Select(object?[] (price) => [price.Symbol, price.Cents]),
            cancellationToken: cancellation
        );

    public async Task<bool> SetAsync(string symbol, long cents, CancellationToken cancellation = default) =>
        await database.ExecuteAsync(
            $"update price set cents = {cents}, changes = changes + 1 where symbol = {symbol}",
            cancellation
        ) == 1;

    /// <summary>Reads, decides and writes in one transaction, which is run again when another one was in its way.</summary>
    public Task<long> AddAsync(string symbol, long cents, CancellationToken cancellation = default) =>
        database.WriteAsync(
            async connection =>
            {
                long now = await connection.ExecuteScalarAsync<long>(
                    "select cents from price where symbol = @symbol",
                    new { symbol }
                );
                await connection.ExecuteAsync(
                    "update price set cents = @cents, changes = changes + 1 where symbol = @symbol",
                    new { symbol, cents = now + cents }
                );
                return now + cents;
            },
            cancellation
        );

    public Task<Price?> FindAsync(string symbol, CancellationToken cancellation = default) =>
        reads.ReadAsync(
            connection =>
                connection.QuerySingleOrDefaultAsync<Price?>(
                    "select symbol, cents, changes from price where symbol = @symbol",
                    new { symbol }
                ),
            cancellation
        );

    public Task<Price[]> ListAsync(CancellationToken cancellation = default) =>
        reads.ReadAsync(
            async connection =>
                (
                    await connection.QueryAsync<Price>("select symbol, cents, changes from price order by symbol")
                ).ToArray(),
            cancellation
        );
}
