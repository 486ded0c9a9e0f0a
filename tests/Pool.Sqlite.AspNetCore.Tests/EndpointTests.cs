using System.Data.Common;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

public sealed class EndpointTests
{
    [Fact]
    public async Task The_page_is_one_document_that_nothing_may_be_added_to()
    {
        await using TestApp app = new();
        foreach (string path in new[] { "/pool", "/pool/" })
        {
            using HttpResponseMessage response = await Get(app, path);
            string page = await response.Content.ReadAsStringAsync();

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
            Assert.True(response.Headers.CacheControl!.NoStore);
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.DoesNotContain("<link rel=\"stylesheet\"", page, StringComparison.Ordinal);
            Assert.DoesNotContain(" src=", page, StringComparison.Ordinal);
            Assert.DoesNotContain("innerHTML", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_JSON_has_this_shape()
    {
        await using TestApp app = new("Capture Rent Site=True");
        using Leases leases = new(app.Pool, 1);

        JsonElement report = await app.GetJson("/pool/stats");

        Assert.Equal(
            [
                "name",
                "takenAt",
                "status",
                "utilization",
                "reasons",
                "advice",
                "engineVersion",
                "walBytes",
                "statistics",
                "leases",
            ],
            Names(report)
        );
        Assert.Equal("healthy", report.GetProperty("status").GetString());
        Assert.Equal("test.db", report.GetProperty("name").GetString());
        Assert.InRange(
            report.GetProperty("takenAt").GetDateTimeOffset(),
            DateTimeOffset.UtcNow.AddMinutes(-5),
            DateTimeOffset.UtcNow.AddMinutes(5)
        );
        Assert.Superset(
            new HashSet<string>
            {
                "poolSize",
                "maxOverflow",
                "open",
                "inUse",
                "idle",
                "opening",
                "overflow",
                "waiting",
                "peakInUse",
                "rents",
                "hits",
                "misses",
                "hitRatio",
                "waits",
                "timeouts",
                "cancellations",
                "openFailures",
                "recycled",
                "healthCheckFailures",
                "leaks",
                "discarded",
                "closedByAge",
                "closedByIdle",
                "closedByOverflow",
                "closedByClear",
                "closedByRetire",
                "statementHits",
                "statementMisses",
                "waitTime",
                "writeGateWaiting",
                "writeGateWaits",
                "writes",
            },
            Names(report.GetProperty("statistics")).ToHashSet()
        );
        Assert.Equal(
            new HashSet<string> { "count", "total", "p50", "p99", "max", "mean" },
            Names(report.GetProperty("statistics").GetProperty("waitTime")).ToHashSet()
        );
        Assert.Equal(
            new HashSet<string>
            {
                "capacity",
                "queued",
                "waitingForRoom",
                "roomWaits",
                "batches",
                "items",
                "meanBatch",
                "largestBatch",
                "commitTime",
                "retries",
                "failures",
                "postFailures",
                "postsRefused",
                "cancellations",
            },
            Names(report.GetProperty("statistics").GetProperty("writes")).ToHashSet()
        );
        JsonElement lease = Assert.Single(report.GetProperty("leases").EnumerateArray());
        Assert.Superset(
            new HashSet<string>
            {
                "leaseId",
                "name",
                "role",
                "age",
                "rentSite",
                "sql",
                "snapshotAge",
                "holdsWriteGate",
            },
            Names(lease).ToHashSet()
        );
        Assert.Equal("readWrite", lease.GetProperty("role").GetString());
        Assert.Equal(JsonValueKind.Number, lease.GetProperty("age").ValueKind);
        Assert.Contains(nameof(Leases), lease.GetProperty("rentSite").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_are_in_seconds()
    {
        await using TestApp app = new("Pool Size=1;Max Overflow=0;Rent Timeout=0.1");
        using (Leases leases = new(app.Pool, 1))
        {
            await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => app.Pool.RentAsync().AsTask());
        }

        JsonElement wait = (await app.GetJson("/pool/stats")).GetProperty("statistics").GetProperty("waitTime");

        Assert.InRange(wait.GetProperty("max").GetDouble(), 0.09, 20);
        Assert.Equal(app.Pool.GetStatistics().WaitTime.Max.TotalSeconds, wait.GetProperty("max").GetDouble(), 9);
    }

    [Fact]
    public async Task The_syncs_of_group_commit_are_among_the_figures()
    {
        await using TestApp app = new("Synchronous=Full");
        await app.Pool.ExecuteAsync($"create table synced(value)");
        await app.Pool.ExecuteAsync($"insert into synced values (1)");

        JsonElement statistics = (await app.GetJson("/pool/stats")).GetProperty("statistics");

        Assert.True(statistics.GetProperty("syncedCommits").GetInt64() >= 2);
        Assert.Equal(
            statistics.GetProperty("syncedCommits").GetInt64(),
            statistics.GetProperty("syncTime").GetProperty("count").GetInt64()
        );
        Assert.Equal(1, statistics.GetProperty("commitsPerSync").GetDouble());
        Assert.Equal(0, statistics.GetProperty("syncFailures").GetInt64());
    }

    [Fact]
    public async Task Health_is_200_and_503_once_it_is_critical()
    {
        await using TestApp app = new("Pool Size=2;Max Overflow=0;Rent Timeout=0");
        using HttpResponseMessage well = await Get(app, "/pool/health");
        Assert.Equal(HttpStatusCode.OK, well.StatusCode);

        using (Leases leases = new(app.Pool, 2))
        {
            using HttpResponseMessage busy = await Get(app, "/pool/health");
            Assert.Equal(HttpStatusCode.OK, busy.StatusCode);
        }

        RefusedRent.On(app.Pool);
        using HttpResponseMessage ill = await Get(app, "/pool/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ill.StatusCode);
        JsonElement report = await app.GetJson("/pool/health");
        Assert.Equal("critical", report.GetProperty("status").GetString());
        Assert.NotEmpty(report.GetProperty("reasons").EnumerateArray());
        Assert.True((await Get(app, "/pool/stats")).IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("/pool", "GET", HttpStatusCode.OK)]
    [InlineData("/pool/stats", "HEAD", HttpStatusCode.OK)]
    [InlineData("/pool/health", "HEAD", HttpStatusCode.OK)]
    [InlineData("/pool", "HEAD", HttpStatusCode.OK)]
    [InlineData("/pool", "POST", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/pool/stats", "DELETE", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/pool/else", "GET", HttpStatusCode.NotFound)]
    [InlineData("/", "GET", HttpStatusCode.NotFound)]
    public async Task Only_what_is_there_can_be_asked_and_only_asked(
        string path,
        string method,
        HttpStatusCode expected
    )
    {
        await using TestApp app = new();
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using HttpResponseMessage response = await app.Client.SendAsync(request).Limited();

        Assert.Equal(expected, response.StatusCode);
        if (method == "HEAD")
        {
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
            Assert.True(response.Content.Headers.ContentLength > 0);
        }
    }

    [Fact]
    public async Task What_looks_like_HTML_is_not_HTML_in_the_answer()
    {
        const string Evil = "select '</script><script>alert(1)</script>' as \"<img src=x onerror=alert(1)>\"";
        await using TestApp app = new("Pool Name='<b>bold</b>';Capture Rent Site=True");
        using SqlitePoolConnection lease = app.Pool.Rent();
        using SqlitePoolCommand command = lease.CreateCommand(Evil);
        using DbDataReader reader = command.ExecuteReader();

        string json = await app.Client.GetStringAsync(new Uri("/pool/stats", UriKind.Relative));

        Assert.DoesNotContain('<', json);
        Assert.DoesNotContain('>', json);
        Assert.Equal("<b>bold</b>", JsonDocument.Parse(json).RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_pool_that_was_mapped_is_the_one_that_is_shown()
    {
        await using TestApp app = new(
            services: (services, database) =>
                services.AddSqlitePool("orders", $"Data Source={database.In("orders.db")}"),
            map: app =>
            {
                app.MapSqlitePool();
                app.MapGroup("/admin").MapSqlitePool("orders/pool", "orders");
            }
        );

        Assert.Equal("test.db", (await app.GetJson("/pool/stats")).GetProperty("name").GetString());
        Assert.Equal("orders.db", (await app.GetJson("/admin/orders/pool/stats")).GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_pool_that_is_not_registered_is_an_error_as_it_is_mapped()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        await using WebApplication app = builder.Build();

        Assert.Contains(
            "AddSqlitePool",
            Assert.Throws<InvalidOperationException>(() => app.MapSqlitePool()).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'orders'",
            Assert.Throws<InvalidOperationException>(() => app.MapSqlitePool(serviceKey: "orders")).Message,
            StringComparison.Ordinal
        );
    }

    private static Task<HttpResponseMessage> Get(TestApp app, string path) =>
        app.Client.GetAsync(new Uri(path, UriKind.Relative)).Limited();

    private static string[] Names(JsonElement element) =>
        [.. element.EnumerateObject().Select(static each => each.Name)];
}
