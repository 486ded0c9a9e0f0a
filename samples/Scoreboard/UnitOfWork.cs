using Dapper;
using Pool.Sqlite;

namespace Scoreboard;

internal sealed record Standing(string Employee, long Points);

/// <summary>
/// One business operation: committed as a whole when its function returns, rolled back when it throws, and run again
/// when another process was in the way.
/// </summary>
internal sealed class UnitOfWork(SqlitePool pool)
{
    public Task RunAsync(Func<Scores, Task> work, CancellationToken cancellation) =>
        pool.WriteAsync(connection => work(new Scores(connection)), cancellation);
}

/// <summary>What can be done inside a unit of work.</summary>
internal sealed class Scores(SqlitePoolConnection connection)
{
    public Task AwardAsync(string employee, long points) =>
        connection.ExecuteAsync(
            """
            insert into score (employee, points) values (@employee, @points)
            on conflict (employee) do update set points = points + excluded.points
            """,
            new { employee, points }
        );

    public async Task ThrowIfBelowZeroAsync(string employee)
    {
        if (
            await connection.ExecuteScalarAsync<long>(
                "select points from score where employee = @employee",
                new { employee }
            ) < 0
        )
        {
            throw new BadHttpRequestException($"{employee} has not so many points.");
        }
    }
}
