using System.Data.Common;
using Dapper;
using Pool.Sqlite;

namespace TradingBackend;

internal sealed record Position(string Symbol, long Quantity, long Cents);

/// <summary>What only reads: from a standby, where there is one.</summary>
internal sealed class Reports([FromKeyedServices(Database.Reads)] DbDataSource reads)
{
    public Task<Position[]> PositionsAsync(string account, CancellationToken cancellation) =>
        reads.ReadAsync(
            async connection =>
                (
                    await connection.QueryAsync<Position>(
                        """
                        select position.symbol, position.quantity, position.quantity * price.cents as cents
                        from position join price on price.symbol = position.symbol where account = @account order by position.symbol
                        """,
                        new { account }
                    )
                ).ToArray(),
            cancellation
        );

    public Task<long> CashAsync(string account, CancellationToken cancellation) =>
        reads.ReadAsync(
            connection =>
                connection.ExecuteScalarAsync<long>("select cents from account where id = @account", new { account }),
            cancellation
        );
}
