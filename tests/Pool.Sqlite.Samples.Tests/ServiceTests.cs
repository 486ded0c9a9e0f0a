using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pool.Sqlite.Tests.Shared;

namespace Pool.Sqlite.Samples.Tests;

/// <summary>The service that is configured from its environment and watched from outside.</summary>
public sealed partial class ServiceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>One connection, for which nobody waits.</summary>
    private static readonly (string Name, string Value)[] OneConnection =
    [
        ("SqlitePool__PoolSize", "1"),
        ("SqlitePool__MaxOverflow", "0"),
        ("SqlitePool__MaxWaiters", "0"),
    ];

    [Fact]
    public async Task Service_has_the_sizes_of_its_environment_or_its_own()
    {
        Assert.Equal(60, await LimitOf());
        Assert.Equal(3, await LimitOf(("SqlitePool__PoolSize", "2"), ("SqlitePool__MaxOverflow", "1")));
    }

    [Fact]
    public async Task Service_is_not_ready_while_its_pool_is_used_up_but_alive()
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("Service", OneConnection);
        await using (sample)
        {
            using (client)
            {
                await SampleProcess.Answers(client, "/health/ready", HttpStatusCode.OK);

                using CancellationTokenSource end = new();
                Task<HttpResponseMessage> holding = client.PostAsync("/hold/600000", null, end.Token);
                await OneIsInUse(client);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.PostAsync("/hold/0", null)).StatusCode);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, await Get(client, "/health/ready"));
                Assert.Equal(HttpStatusCode.OK, await Get(client, "/health/live"));

                await end.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => holding);
            }
        }
    }

    [Fact]
    public async Task Service_has_every_metric_that_its_alert_rules_ask_for()
    {
        string rules = await File.ReadAllTextAsync(Path.Combine(SampleProcess.FolderOf("Service"), "alerts.yml"));
        string[] asked =
        [
            .. MetricName().Matches(rules).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal),
        ];
        Assert.Equal(
            [
                "db_client_connection_count",
                "db_client_connection_max",
                "db_client_connection_timeouts_total",
                "pool_sqlite_wal_size_bytes",
            ],
            asked
        );

        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("Service", OneConnection);
        await using (sample)
        {
            using (client)
            {
                using CancellationTokenSource end = new();
                Task<HttpResponseMessage> holding = client.PostAsync("/hold/600000", null, end.Token);
                await OneIsInUse(client);
                await client.PostAsync("/hold/0", null);
                string metrics = "";
                await Eventually.Holds(
                    async () =>
                    {
                        metrics = await client.GetStringAsync("/metrics");
                        string[] missing =
                        [
                            .. asked.Where(name => !metrics.Contains($"\n{name}{{", StringComparison.Ordinal)),
                        ];
                        return missing.Length == 0 ? null : $"metrics are missing: {string.Join(", ", missing)}";
                    },
                    Patience
                );
                Assert.Matches(
                    "db_client_connection_count{.*db_client_connection_pool_name=\"service.db\".*db_client_connection_state=\"used\".*} 1",
                    metrics
                );
                await end.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => holding);
            }
        }
    }

    [Fact]
    public async Task The_alert_rules_are_those_of_the_documentation()
    {
        string folder = SampleProcess.FolderOf("Service");
        string rules = await File.ReadAllTextAsync(Path.Combine(folder, "alerts.yml"));
        Assert.Contains(
            rules,
            await File.ReadAllTextAsync(Path.Combine(folder, "../../docs/observability.md")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_repository_of_the_documentation_is_that_of_the_trading_backend()
    {
        string folder = SampleProcess.FolderOf("TradingBackend");
        string page = await File.ReadAllTextAsync(Path.Combine(folder, "../../docs/scaling.md"));
        Assert.Contains(
            await File.ReadAllTextAsync(Path.Combine(folder, "PriceBook.cs")),
            page,
            StringComparison.Ordinal
        );
    }

    [GeneratedRegex(@"\b(db_client_connection_(?!pool_name\b|state\b)\w+|pool_sqlite_\w+)")]
    private static partial Regex MetricName();

    private static async Task<int> LimitOf(params (string Name, string Value)[] environment)
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("Service", environment);
        await using (sample)
        {
            using (client)
            {
                return (await Utilization(client)).GetProperty("limit").GetInt32();
            }
        }
    }

    private static async Task<JsonElement> Utilization(HttpClient client) =>
        JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/utilization"));

    private static async Task<HttpStatusCode> Get(HttpClient client, string path)
    {
        using HttpResponseMessage response = await client.GetAsync(path);
        return response.StatusCode;
    }

    private static Task OneIsInUse(HttpClient client) =>
        Eventually.Holds(
            async () =>
            {
                int inUse = (await Utilization(client)).GetProperty("inUse").GetInt32();
                return inUse == 1 ? null : $"{inUse} connections are in use, and not one";
            },
            Patience
        );
}
