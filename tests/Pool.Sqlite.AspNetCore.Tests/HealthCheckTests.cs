using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

public sealed class HealthCheckTests
{
    [Fact]
    public void A_connection_string_in_the_place_of_a_name_or_key_is_refused_and_not_shown()
    {
        const string Mistaken = "Data Source=o.db;Password=S3cret!";
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        IHealthChecksBuilder checks = builder.Services.AddHealthChecks();
        WebApplication app = builder.Build();
        ArgumentException[] errors =
        [
            Assert.Throws<ArgumentException>(() => checks.AddSqlitePool(Mistaken)),
            Assert.Throws<ArgumentException>(() => checks.AddSqlitePool(serviceKey: Mistaken)),
            Assert.Throws<ArgumentException>(() => app.MapSqlitePool(Mistaken)),
        ];
        Assert.Equal(["name", "serviceKey", "pattern"], errors.Select(error => error.ParamName));
        Exception missing = Assert.Throws<InvalidOperationException>(() => app.MapSqlitePool(serviceKey: Mistaken));
        Assert.Contains("looks like a connection string", missing.Message, StringComparison.Ordinal);
        Assert.All(
            errors.Append(missing),
            error => Assert.DoesNotContain("S3cret!", error.ToString(), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_quiet_pool_is_healthy_and_was_really_read_from()
    {
        await using TestApp app = WithCheck();

        HealthReportEntry entry = await Check(app);

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Contains("test.db", entry.Description, StringComparison.Ordinal);
        Assert.Equal((1L, 0), (app.Pool.GetStatistics().Rents, app.Pool.GetStatistics().InUse));
        Assert.Equal(0, entry.Data["inUse"]);
        Assert.Equal(app.Pool.GetHealth().EngineVersion, entry.Data["engineVersion"]);
        Assert.InRange((double)entry.Data["readSeconds"], 0, 20);
    }

    [Fact]
    public async Task A_pool_that_warns_is_degraded_and_says_why()
    {
        await using TestApp app = WithCheck("Pool Size=10;Max Overflow=0");
        using Leases leases = new(app.Pool, 8);

        HealthReportEntry entry = await Check(app);

        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Contains("8 of 10", entry.Description, StringComparison.Ordinal);
        Assert.Equal((8, 0.8), (entry.Data["inUse"], entry.Data["utilization"]));
        Assert.NotEmpty((IReadOnlyList<string>)entry.Data["reasons"]);
    }

    [Fact]
    public async Task A_pool_that_is_critical_is_unhealthy_or_what_the_application_says_instead()
    {
        await using TestApp app = WithCheck("Pool Size=2;Max Overflow=0;Rent Timeout=0");
        RefusedRent.On(app.Pool);
        Assert.Equal(HealthStatus.Unhealthy, (await Check(app)).Status);

        await using TestApp lenient = new(
            "Pool Size=2;Max Overflow=0;Rent Timeout=0",
            (services, _) =>
                services.AddHealthChecks().AddSqlitePool("mine", failureStatus: HealthStatus.Degraded, tags: ["db"])
        );
        RefusedRent.On(lenient.Pool);
        HealthReportEntry entry = await Check(lenient, "mine");
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Equal(["db"], entry.Tags);
    }

    [Fact]
    public async Task One_with_no_connection_left_is_unhealthy_within_the_checks_own_limit()
    {
        await using TestApp app = new(
            "Pool Size=1;Max Overflow=0;Rent Timeout=Infinite",
            (services, _) => services.AddHealthChecks().AddSqlitePool(timeout: TimeSpan.FromMilliseconds(50))
        );
        using Leases leases = new(app.Pool, 1);

        HealthReportEntry entry = await Check(app);

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<TimeoutException>(entry.Exception);
        Assert.Contains("0.05 s", entry.Description, StringComparison.Ordinal);
        Assert.Equal(1, entry.Data["inUse"]);
    }

    [Fact]
    public async Task A_database_that_cannot_be_opened_is_unhealthy()
    {
        await using TestApp app = new(
            services: (services, database) =>
            {
                services.AddSqlitePool("missing", $"Data Source={database.In("no/such/folder.db")}");
                services.AddHealthChecks().AddSqlitePool(serviceKey: "missing", timeout: Limit.Length);
            }
        );

        HealthReportEntry entry = await Check(app, "sqlite_pool_missing");

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<Microsoft.Data.Sqlite.SqliteException>(entry.Exception);
        Assert.Contains("Reading failed", entry.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_is_a_pool_that_is_closed()
    {
        await using TestApp app = WithCheck();
        await app.Pool.DisposeAsync();

        HealthReportEntry entry = await Check(app);

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<ObjectDisposedException>(entry.Exception);
    }

    [Fact]
    public async Task Who_cancels_the_check_gets_no_report()
    {
        await using TestApp app = WithCheck("Pool Size=1;Max Overflow=0");
        using Leases leases = new(app.Pool, 1);
        using CancellationTokenSource source = new();
        Task<HealthReport> report = app
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(source.Token);
        await Limit.Until(() => app.Pool.GetStatistics().Waiting == 1);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => report.Limited());
    }

    [Fact]
    public async Task A_pool_that_is_not_there_is_said_so()
    {
        await using TestApp app = new(
            services: (services, _) => services.AddHealthChecks().AddSqlitePool(serviceKey: "orders")
        );

        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Check(app, "sqlite_pool_orders")
        );

        Assert.Contains("'orders'", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new ServiceCollection().AddHealthChecks().AddSqlitePool(timeout: TimeSpan.Zero)
        );
    }

    private static TestApp WithCheck(string keys = "") =>
        new(keys, (services, _) => services.AddHealthChecks().AddSqlitePool(timeout: Limit.Length));

    private static async Task<HealthReportEntry> Check(TestApp app, string name = "sqlite_pool")
    {
        HealthReport report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().Limited();
        return report.Entries[name];
    }
}
