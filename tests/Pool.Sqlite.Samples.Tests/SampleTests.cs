using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Pool.Sqlite.Samples.Tests;

/// <summary>Every sample starts, does what its README says, and stops cleanly, leaving a closed database.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task Signals_stores_every_price_and_signal_and_closes_its_database()
    {
        await using SampleProcess sample = SampleProcess.Start("Signals", ["signals.db", "5000"]);
        await AssertRuns(sample, "0 failures, Healthy", "signals.db");
    }

    [Fact]
    public async Task Signals_that_is_told_to_stop_commits_what_it_has_accepted_and_closes_its_database()
    {
        await using SampleProcess sample = SampleProcess.Start("Signals", ["signals.db", "100000000"]);
        SpinWait.SpinUntil(() => File.Exists(Path.Combine(sample.Folder, "signals.db")), TimeSpan.FromSeconds(60));
        int exit = await sample.Stop();
        Assert.True(exit == 0, sample.Output);
        Assert.Contains(" 0 failures", sample.Output, StringComparison.Ordinal);
        AssertClosed(sample, "signals.db");
    }

    [Fact]
    public async Task QuickStart_stores_and_counts()
    {
        await using SampleProcess sample = SampleProcess.Start("QuickStart");
        await AssertRuns(sample, "people: 1", "quick-start.db");
    }

    [Fact]
    public async Task NativeAot_also_runs_compiled_just_in_time()
    {
        await using SampleProcess sample = SampleProcess.Start("NativeAot");
        await AssertRuns(sample, "people: 2", "native-aot.db");
    }

    [Fact]
    public async Task SystemSqlite_runs_on_the_engine_of_the_machine_as_the_documentation_says()
    {
        string folder = SampleProcess.FolderOf("SystemSqlite");
        string page = await File.ReadAllTextAsync(Path.Combine(folder, "../../docs/configuration.md"));
        Assert.Contains(
            await File.ReadAllTextAsync(Path.Combine(folder, "Program.cs")),
            page,
            StringComparison.Ordinal
        );
        Assert.SkipUnless(
            NativeLibrary.TryLoad("libsqlite3.so.0", out _) || NativeLibrary.TryLoad("sqlite3", out _),
            "This machine has no SQLite of its own."
        );

        await using SampleProcess sample = SampleProcess.Start("SystemSqlite");
        await AssertRuns(sample, "SQLite 3.", "system.db");
    }

    [Fact]
    public async Task Worker_stores_what_its_producers_record_and_stops()
    {
        await using SampleProcess sample = SampleProcess.Start(
            "Worker",
            environment: ("SqlitePool__ConnectionString", "Data Source=worker.db")
        );
        await AssertRuns(sample, "2000 measurements are stored", "worker.db");
    }

    [Fact]
    public async Task EfCore_saves_from_many_tasks_and_sums_decimals()
    {
        await using SampleProcess sample = SampleProcess.Start("EfCore", ["shop.db"]);
        await AssertRuns(sample, "640 orders, 2051.2", "shop.db");
    }

    [Fact]
    public async Task MinimalApi_stores_and_lists_and_shows_its_pool()
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("MinimalApi");
        await using (sample)
        {
            using HttpResponseMessage created = await client.PostAsJsonAsync("/todos", new { title = "try it" });
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            Assert.Equal(HttpStatusCode.NoContent, (await client.PutAsync("/todos/1/done", null)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await client.PutAsync("/todos/2/done", null)).StatusCode);
            Assert.Contains("\"done\":true", await client.GetStringAsync("/todos"), StringComparison.Ordinal);
            await SampleProcess.Answers(client, "/healthz", HttpStatusCode.OK, "Healthy");
            Assert.Contains("<html", await client.GetStringAsync("/pool"), StringComparison.Ordinal);
            client.Dispose();
            await sample.Stop();
            AssertClosed(sample, "todo.db");
        }
    }

    [Fact]
    public async Task LeadFinder_stores_lists_of_leads_and_tells_its_health()
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("LeadFinder");
        await using (sample)
        {
            object[] leads =
            [
                .. Enumerable
                    .Range(0, 100)
                    .Select(i => new
                    {
                        company = $"c{i}",
                        email = $"{i}@c.test",
                        score = i % 10,
                    }),
            ];
            using HttpResponseMessage stored = await client.PostAsJsonAsync("/leads", leads);
            Assert.Equal("{\"stored\":100}", await stored.Content.ReadAsStringAsync());
            Assert.Equal(HttpStatusCode.NoContent, (await client.PutAsync("/leads/1/score/99", null)).StatusCode);
            JsonElement best = await client.GetFromJsonAsync<JsonElement>("/leads?minimumScore=9");
            Assert.Equal((11, 99), (best.GetArrayLength(), best[0].GetProperty("score").GetInt32()));
            await SampleProcess.Answers(client, "/health", HttpStatusCode.OK, "\"status\":\"Healthy\"");
            client.Dispose();
            await sample.Stop();
            AssertClosed(sample, "leads.db");
        }
    }

    [Fact]
    public async Task Scoreboard_commits_or_rolls_back_a_unit_of_work_and_guards_its_pool()
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("Scoreboard", ("AdminKey", "secret"));
        await using (sample)
        {
            await client.PostAsync("/award/ada/10", null);
            Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/give/ada/bob/4", null)).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync("/give/ada/bob/40", null)).StatusCode);
            JsonElement standings = await client.GetFromJsonAsync<JsonElement>("/standings");
            Assert.Equal(
                [6, 4],
                standings.EnumerateArray().Select(standing => standing.GetProperty("points").GetInt32())
            );
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/admin/pool/stats")).StatusCode);
            client.DefaultRequestHeaders.Add("X-Admin-Key", "secret");
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/admin/pool/stats")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/admin/advice")).StatusCode);
            client.Dispose();
            await sample.Stop();
            AssertClosed(sample, "scores.db");
        }
    }

    [Fact]
    public async Task TradingBackend_stores_an_order_as_a_whole_or_not_at_all()
    {
        (SampleProcess sample, HttpClient client) = await SampleProcess.StartWeb("TradingBackend");
        await using (sample)
        {
            await client.PutAsync("/prices/ACME/1250", null);
            await client.PostAsync("/accounts/ada/10000", null);
            object order = new
            {
                id = "o1",
                account = "ada",
                symbol = "ACME",
                quantity = 3,
            };
            Assert.Equal(HttpStatusCode.OK, (await client.PostAsJsonAsync("/orders", order)).StatusCode);
            object tooLarge = new
            {
                id = "o2",
                account = "ada",
                symbol = "ACME",
                quantity = 9,
            };
            Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsJsonAsync("/orders", tooLarge)).StatusCode);
            JsonElement account = await client.GetFromJsonAsync<JsonElement>("/accounts/ada");
            Assert.Equal(6250, account.GetProperty("cash").GetInt32());
            Assert.Equal(3, account.GetProperty("positions")[0].GetProperty("quantity").GetInt32());
            await SampleProcess.Answers(client, "/health", HttpStatusCode.OK, "Healthy");
            client.Dispose();
            await sample.Stop();
            AssertClosed(sample, "trading.db");
        }
    }

    private static async Task AssertRuns(SampleProcess sample, string output, string database)
    {
        int exit = await sample.WaitForExit();
        Assert.True(exit == 0, sample.Output);
        Assert.Contains(output, sample.Output, StringComparison.Ordinal);
        AssertClosed(sample, database);
    }

    private static void AssertClosed(SampleProcess sample, string database) =>
        Assert.Equal([database], Directory.GetFiles(sample.Folder).Select(file => Path.GetFileName(file)));
}
