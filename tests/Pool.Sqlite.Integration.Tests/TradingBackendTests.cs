using System.Net;
using System.Net.Http.Json;
using Pool.Sqlite.Samples.Tests;

namespace Pool.Sqlite.Integration.Tests;

/// <summary>The web sample on both databases: the same program, the same answers, another DATABASE_URL.</summary>
public sealed class TradingBackendTests(PostgresFixture postgres)
{
    [Fact]
    public async Task The_web_sample_answers_the_same_on_both()
    {
        string[] sqlite = await Converse("sqlite:///trading.db");
        Assert.Equal(
            [
                "PUT OK 1",
                "POST OK ",
                "POST OK {\"filled\":3,\"cents\":1250}",
                "POST Conflict {\"refused\":\"Order o1 is stored already.\"}",
                "POST Conflict {\"refused\":\"Account ada does not have 1250000 cents.\"}",
                "POST Conflict {\"refused\":\"NONE has no price.\"}",
                "{\"cash\":6250,\"positions\":[{\"symbol\":\"ACME\",\"quantity\":3,\"cents\":3750}]}",
                "[{\"symbol\":\"ACME\",\"cents\":1250,\"changes\":0}]",
            ],
            sqlite
        );

        Npgsql.NpgsqlConnectionStringBuilder server = await postgres.CreateDatabaseAsync();
        Assert.Equal(
            sqlite,
            await Converse($"postgresql://{server.Username}:{server.Password}@{server.Host}/{server.Database}")
        );
        Assert.Equal(sqlite, await Converse((await postgres.CreateDatabaseAsync()).ConnectionString));
    }

    private static async Task<string[]> Converse(string url)
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb(
            "TradingBackend",
            ("DATABASE_URL", url)
        );
        await using (sample)
        {
            using (client)
            {
                await SampleProcess.Answers(client, "/health", HttpStatusCode.OK, "Healthy");
                string[] answers =
                [
                    await Answer(client.PutAsync("/prices/ACME/1250", null)),
                    await Answer(client.PostAsync("/accounts/ada/10000", null)),
                    await Buy("o1", "ACME", 3),
                    await Buy("o1", "ACME", 3),
                    await Buy("o2", "ACME", 1000),
                    await Buy("o3", "NONE", 1),
                    await client.GetStringAsync("/accounts/ada"),
                    await client.GetStringAsync("/prices"),
                ];
                Assert.Equal(0, await sample.Stop());
                return answers;
            }
        }

        Task<string> Buy(string id, string symbol, long quantity) =>
            Answer(
                client.PostAsJsonAsync(
                    "/orders",
                    new
                    {
                        id,
                        account = "ada",
                        symbol,
                        quantity,
                    }
                )
            );
    }

    private static async Task<string> Answer(Task<HttpResponseMessage> response)
    {
        using HttpResponseMessage answer = await response;
        return $"{answer.RequestMessage!.Method} {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
    }
}
