using Dapper;

namespace TradingBackend;

/// <summary>Cash accounts.</summary>
internal sealed class Accounts(Session session)
{
    public const string Schema = "create table if not exists account (id text primary key, cents bigint not null)";

    public Task DepositAsync(string id, long cents) =>
        session.Connection.ExecuteAsync(
            """
            insert into account (id, cents) values (@id, @cents)
            on conflict (id) do update set cents = account.cents + excluded.cents
            """,
            new { id, cents }
        );

    public async Task WithdrawAsync(string id, long cents)
    {
        if (
            await session.Connection.ExecuteAsync(
                "update account set cents = cents - @cents where id = @id and cents >= @cents",
                new { id, cents }
            ) == 0
        )
        {
            throw new RefusedException($"Account {id} does not have {cents} cents.");
        }
    }
}
