using Dapper;

namespace TradingBackend;

internal sealed record Order(string Id, string Account, string Symbol, long Quantity);

/// <summary>
/// Orders and the positions that they make. An order's number is the client's, so that it can be sent again.
/// </summary>
internal sealed class Orders(Session session, Accounts accounts)
{
    public static readonly string[] Schema =
    [
        "create table if not exists trade (id text primary key, account text not null, symbol text not null, quantity bigint not null, cents bigint not null)",
        "create table if not exists position (account text not null, symbol text not null, quantity bigint not null, primary key (account, symbol))",
    ];

    /// <summary>The order, the position and the cash: all of it, or nothing.</summary>
    public async Task<long> BuyAsync(Order order)
    {
        if (
            await session.Connection.ExecuteScalarAsync<long?>("select cents from price where symbol = @Symbol", order)
            is not { } cents
        )
        {
            throw new RefusedException($"{order.Symbol} has no price.");
        }

        if (
            await session.Connection.ExecuteAsync(
                """
                insert into trade (id, account, symbol, quantity, cents) values (@Id, @Account, @Symbol, @Quantity, @cents)
                on conflict (id) do nothing
                """,
                new
                {
                    order.Id,
                    order.Account,
                    order.Symbol,
                    order.Quantity,
                    cents,
                }
            ) == 0
        )
        {
            throw new RefusedException($"Order {order.Id} is stored already.");
        }

        await session.Connection.ExecuteAsync(
            """
            insert into position (account, symbol, quantity) values (@Account, @Symbol, @Quantity)
            on conflict (account, symbol) do update set quantity = position.quantity + excluded.quantity
            """,
            order
        );
        await accounts.WithdrawAsync(order.Account, cents * order.Quantity);
        return cents;
    }
}
