using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Diagnostics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

/// <summary>Whoever asks, and however, gets the same figures once the pool is quiet.</summary>
public sealed class AgreementTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task JSON_meters_health_check_and_statistics_agree_after_load()
    {
        const string Name = "agreement";
        await using TestApp app = App(Name);
        using MeterCollector meters = new(Name);

        await Load.Apply(app.Pool);

        await Agree(app, meters);
    }

    [Fact]
    public async Task So_does_the_page()
    {
        const string Name = "agreement on the page";
        await using TestApp app = App(Name, onKestrel: true);
        using MeterCollector meters = new(Name);
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");

        await Load.Apply(app.Pool);

        SqlitePoolStatistics quiet = await Agree(app, meters);
        await page["main > details > summary"].ClickAsync();
        foreach (
            (string label, long value) in new (string, long)[]
            {
                ("Rents", quiet.Rents),
                ("Hits", quiet.Hits),
                ("Misses", quiet.Misses),
                ("Waits", quiet.Waits),
                ("Open", quiet.Open),
                ("In use", quiet.InUse),
                ("Timeouts", quiet.Timeouts),
                ("Cancellations", quiet.Cancellations),
                ("Statement hits", quiet.StatementHits),
                ("Wait time, count", quiet.WaitTime.Count),
            }
        )
        {
            await page.Shows($"#all div:has(dt:text-is('{label}')) dd", value.ToString("N0", null));
        }

        SqlitePoolWriteQueueStatistics writes = quiet.Writes;
        await page.Shows("#queue-note", $"0 wait for room now, {writes.RoomWaits.Count} have had to");
        await page.Shows("#queue-failures", $"{writes.Failures} writes failed, {writes.PostsRefused} posts refused");
        await page.Contains("#commit-note", $"{writes.Items} writes in {writes.Batches} batches: ");
        await page.Contains("#commit-note", $" each, at most {writes.LargestBatch}");
        await page.Shows("#all div:has(dt:text-is('Writes, commit time, count')) dd", $"{writes.CommitTime.Count}");
        Assert.Empty(page.Errors);
    }

    // Once it is quiet nothing changes any more: what is beyond the pool's size is not closed after a while.
    private static TestApp App(string name, bool onKestrel = false) =>
        new(
            $"Pool Name={name};Pool Size=3;Max Overflow=1;Overflow Idle Timeout=Infinite;Write Queue Capacity=8",
            (services, _) => services.AddHealthChecks().AddSqlitePool(timeout: Limit.Length),
            onKestrel: onKestrel
        );

    private static async Task<SqlitePoolStatistics> Agree(TestApp app, MeterCollector meters)
    {
        HealthReport report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().Limited();
        SqlitePoolStatistics quiet = app.Pool.GetStatistics();
        JsonElement json = (await app.GetJson("/pool/stats")).GetProperty("statistics");
        meters.Look();
        long Last(string instrument, string? state = null) => (long)meters.Last(instrument, state);

        Assert.True(
            quiet.Rents > 400 && quiet.Waits > 0 && quiet.Timeouts > 0 && quiet.Cancellations > 0,
            quiet.ToString()
        );
        foreach (
            (string name, long value, long? metered) in new (string, long, long?)[]
            {
                ("rents", quiet.Rents, null),
                ("hits", quiet.Hits, Last("pool.sqlite.hits")),
                ("misses", quiet.Misses, Last("pool.sqlite.misses")),
                (
                    "open",
                    quiet.Open,
                    Last("db.client.connection.count", "idle") + Last("db.client.connection.count", "used")
                ),
                ("inUse", quiet.InUse, Last("db.client.connection.count", "used")),
                ("idle", quiet.Idle, Last("db.client.connection.count", "idle")),
                ("waiting", quiet.Waiting, Last("db.client.connection.pending_requests")),
                ("waits", quiet.Waits, meters.All("db.client.connection.wait_time").LongLength),
                ("timeouts", quiet.Timeouts, Last("db.client.connection.timeouts")),
                ("cancellations", quiet.Cancellations, null),
                ("recycled", quiet.Recycled, Last("pool.sqlite.recycled")),
                ("peakInUse", quiet.PeakInUse, null),
                ("statementHits", quiet.StatementHits, Last("pool.sqlite.statement.hits")),
                ("statementMisses", quiet.StatementMisses, Last("pool.sqlite.statement.misses")),
            }
        )
        {
            Assert.True(
                value == json.GetProperty(name).GetInt64(),
                $"{name}: {value} in the statistics, {json.GetProperty(name)} in the JSON"
            );
            Assert.True(
                metered is null || metered == value,
                $"{name}: {value} in the statistics, {metered} in the meter"
            );
        }

        SqlitePoolWriteQueueStatistics writes = quiet.Writes;
        Assert.True(writes is { Items: 21, LargestBatch: > 1, Failures: 1, RoomWaits.Count: > 0 }, writes.ToString());
        JsonElement queue = json.GetProperty("writes");
        foreach (
            (string name, double value) in new (string, double)[]
            {
                ("capacity", writes.Capacity),
                ("queued", writes.Queued),
                ("batches", writes.Batches),
                ("items", writes.Items),
                ("meanBatch", writes.MeanBatch),
                ("largestBatch", writes.LargestBatch),
                ("failures", writes.Failures),
                ("waitingForRoom", writes.WaitingForRoom),
                ("postsRefused", writes.PostsRefused),
                ("cancellations", writes.Cancellations),
            }
        )
        {
            Assert.Equal(value, queue.GetProperty(name).GetDouble(), 9);
        }

        Assert.Equal(
            writes.CommitTime.Max.TotalSeconds,
            queue.GetProperty("commitTime").GetProperty("max").GetDouble(),
            9
        );
        double[] batches = meters.All("pool.sqlite.write.batch_size");
        Assert.Equal((writes.Batches, writes.Items), (batches.LongLength, (long)batches.Sum()));
        Assert.Equal(writes.CommitTime.Count, meters.All("pool.sqlite.write.commit_time").LongLength);
        Assert.Equal(quiet.Timeouts, report.Entries["sqlite_pool"].Data["timeouts"]);
        Assert.Equal(quiet.HitRatio, json.GetProperty("hitRatio").GetDouble(), 9);
        return quiet;
    }
}
