using Dapper;
using Pool.Sqlite;

namespace LeadFinder;

internal sealed record Lead(long Id, string Company, string Email, long Score);

internal sealed record NewLead(string Company, string Email, long Score);

/// <summary>The three helpers that the application is made of: query, update, many.</summary>
internal sealed class LeadStore(SqlitePool pool)
{
    public Task CreateAsync() =>
        pool.ExecuteAsync(
            $"create table if not exists lead (id integer primary key, company text not null, email text not null unique, score integer not null)"
        );

    public async Task<IReadOnlyList<Lead>> QueryAsync(long minimumScore, CancellationToken cancellation)
    {
        using SqlitePoolConnection connection = await pool.RentReaderAsync(cancellation);
        return
        [
            .. await connection.QueryAsync<Lead>(
                "select id, company, email, score from lead where score >= @minimumScore order by score desc, id",
                new { minimumScore }
            ),
        ];
    }

    public async Task<bool> UpdateScoreAsync(long id, long score, CancellationToken cancellation) =>
        await pool.ExecuteAsync($"update lead set score = {score} where id = {id}", cancellation) == 1;

    public Task<long> AddManyAsync(IEnumerable<NewLead> leads, CancellationToken cancellation) =>
        pool.ExecuteManyAsync(
            "insert into lead (company, email, score) values ($company, $email, $score) on conflict (email) do update set score = excluded.score",
            leads.Select(object?[] (lead) => [lead.Company, lead.Email, lead.Score]),
            cancellationToken: cancellation
        );
}
