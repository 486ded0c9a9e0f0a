using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

/// <summary>The page in a real browser, on a real port. Skipped where no browser is installed.</summary>
public sealed class LivePageTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Under_load_its_figures_move_and_agree_with_the_pool_once_it_is_quiet()
    {
        await using TestApp app = new(
            "Pool Size=3;Max Overflow=1;Overflow Idle Timeout=Infinite;Rent Timeout=Infinite",
            onKestrel: true
        );
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");
        await page.Shows("#name", "test.db");
        await page.Shows("#status-word", "Healthy");
        await page.Shows("#in-use", "0");

        using (Leases leases = new(app.Pool, 4))
        {
            Task<SqlitePoolConnection>[] waiting = [app.Pool.RentAsync().AsTask(), app.Pool.RentAsync().AsTask()];
            await page.Shows("#in-use", "4");
            await page.Shows("#limit", "4");
            await page.Shows("#waiting", "2");
            await page.Shows("#status-word", "Warning");
            await page.Contains("#findings", "4 of 4");
            await page.Announces("warning");
            Assert.Equal(4, await page["#leases tbody tr"].CountAsync());
            leases.Dispose();
            foreach (Task<SqlitePoolConnection> each in waiting)
            {
                (await each.Limited()).Dispose();
            }
        }

        for (int i = 0; i < 200; i++)
        {
            await app.Pool.ReadAsync(async reader => reader.Ask("select 1"));
        }

        SqlitePoolStatistics quiet = app.Pool.GetStatistics();
        await page.Contains("#hit-note", $"{quiet.Rents} rents");
        await page.Shows("#in-use", "0");
        await page.Shows("#legend-idle", $"{quiet.Idle}");
        await page.Shows("#legend-peak", "4");
        await page.Contains("#wait-note", $"{quiet.Waits}");
        await page.Agrees("#status-word", () => $"{app.Pool.GetHealth().Status}");
        Assert.NotEqual("", await page["#history .used"].GetAttributeAsync("d"));
        Assert.Empty(page.Errors);
        await Picture.TakeIfAsked(browser);
    }

    [Fact]
    public async Task A_leak_is_found_and_goes()
    {
        await using TestApp app = new("Leak Threshold=0.5", onKestrel: true);
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");
        await page.Shows("#status-word", "Healthy");

        using (SqlitePoolConnection forgotten = app.Pool.Rent())
        {
            await page.Shows("#status-word", "Warning");
            await page.Contains("#findings", "1 lease has been out for more than");
            await page.Announces("warning");
        }

        await page.Shows("#status-word", "Healthy");
        await Assertions.Expect(page["#findings"]).Not.ToContainTextAsync("been out");
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_lease_that_is_held_appears_with_its_SQL_and_site_and_goes_when_it_is_back()
    {
        const string Evil = "select '<script>alert(1)</script><img src=x onerror=alert(2)>' as \"<b>x</b>\"";
        await using TestApp app = new("Capture Rent Site=True", onKestrel: true);
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");
        await page.Shows("#no-leases", "None: every connection is back.");

        using (SqlitePoolConnection lease = app.Pool.Rent())
        {
            using SqlitePoolTransaction transaction = lease.BeginTransaction();
            using SqlitePoolCommand command = lease.CreateCommand(Evil);
            using DbDataReader reader = command.ExecuteReader();
            await page.Shows("#leases .role", "Read and writeholds the write gate");
            await page["#leases summary"].FocusAsync();
            await page.Page.Keyboard.PressAsync("Enter");
            await page.Contains(
                "#leases .site",
                nameof(A_lease_that_is_held_appears_with_its_SQL_and_site_and_goes_when_it_is_back)
            );
            await page.Shows("#leases .sql", Evil);
            string young = await page["#leases .age"].InnerTextAsync();
            await Assertions.Expect(page["#leases .age"]).Not.ToHaveTextAsync(young);

            // Whoever reads the details is not disturbed by the next figures.
            Assert.True(
                await page["#leases details"].EvaluateAsync<bool>("e => e.open && e.contains(document.activeElement)")
            );
            Assert.Equal(0, await page["#leases script, #leases img, #leases b"].CountAsync());
        }

        await Assertions.Expect(page["#leases tbody tr"]).ToHaveCountAsync(0);
        await Assertions.Expect(page["#no-leases"]).ToBeVisibleAsync();
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task The_write_queue_is_shown_while_it_is_full_and_what_it_has_committed()
    {
        await using TestApp app = new("Write Queue Capacity=3", onKestrel: true);
        await app.Pool.ExecuteAsync($"create table t (x int check (x < 3))");
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");
        await page.Shows("#capacity", "3");
        await page.Shows("#commit-note", "nothing was written through the queue");

        using ManualResetEventSlim begun = new();
        using ManualResetEventSlim over = new();
        Task busy = app.Pool.Writes.EnqueueAsync(_ =>
        {
            begun.Set();
            Assert.True(over.Wait(BrowserPage.Patience * 10));
        });
        begun.Pass();
        Task[] writes =
        [
            .. Enumerable.Range(0, 5).Select(i => app.Pool.Writes.ExecuteAsync($"insert into t values ({i})")),
        ];
        Assert.False(app.Pool.Writes.TryPost($"insert into t values (1)"));
        await page.Shows("#queued", "3");
        await page.Shows("#queue-note", "2 wait for room now, 0 have had to");
        await Assertions.Expect(page["#queue-tile"]).ToContainClassAsync("concern");
        await page.Contains("#findings", "1 post was refused");
        over.Set();
        await busy.Limited();
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => Task.WhenAll(writes).Limited());

        await page.Shows("#queued", "0");
        await page.Shows("#queue-note", "0 wait for room now, 2 have had to");
        await page.Shows("#queue-failures", "2 writes failed, 1 posts refused");
        await page.Contains("#commit-note", "4 writes in ");
        await Assertions.Expect(page["#queue-tile"]).Not.ToContainClassAsync("concern");
        Assert.Empty(page.Errors);
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1100)]
    [InlineData(ColorScheme.Dark, 1100)]
    [InlineData(ColorScheme.Light, 360)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task It_can_be_read_in_light_and_dark_on_a_desk_and_on_a_phone(ColorScheme scheme, int width)
    {
        await using TestApp app = new("Pool Size=2;Max Overflow=0;Capture Rent Site=True", onKestrel: true);
        using Leases leases = new(app.Pool, 2);
        await using BrowserPage page = await browser.Open($"{app.Address}/pool", width, scheme);
        await page.Shows("#status-word", "Warning");
        await page["#leases summary"].First.ClickAsync();
        await page["main > details > summary"].ClickAsync();

        Assert.Equal("", await page.Page.EvaluateAsync<string>(PageChecks.TooFaint));
        Assert.InRange(await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
        string ground = await page.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(scheme == ColorScheme.Dark, ground == "rgb(16, 21, 27)");
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task When_the_server_does_not_answer_it_says_so_and_goes_on_when_it_does()
    {
        await using TestApp app = new(onKestrel: true);
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");
        await page.Shows("#status-word", "Healthy");

        await page.Page.RouteAsync("**/stats", route => route.FulfillAsync(new RouteFulfillOptions { Status = 401 }));
        await page.Contains("#trouble", "not signed in");
        await page.Page.UnrouteAllAsync();
        await page.Page.RouteAsync("**/stats", route => route.AbortAsync());
        await page.Contains("#trouble", "cannot be reached");
        await page.Contains("#announce", "figures are old");
        await page.Page.UnrouteAllAsync();

        await Assertions.Expect(page["#trouble"]).ToBeHiddenAsync();
        await page.Contains("#announce", "live again");
    }

    [Fact]
    public async Task It_asks_nothing_while_nobody_can_see_it()
    {
        await using TestApp app = new(onKestrel: true);
        await using BrowserPage page = await browser.Open($"{app.Address}/pool");
        await page.Shows("#status-word", "Healthy");
        int asked = 0;
        page.Page.Request += (_, request) => asked += request.Url.EndsWith("/stats", StringComparison.Ordinal) ? 1 : 0;

        await page.Page.EvaluateAsync("Object.defineProperty(document, 'hidden', { value: true, configurable: true })");
        await page.Page.WaitForTimeoutAsync(1500);
        int before = asked;
        await page.Page.WaitForTimeoutAsync(2500);
        Assert.Equal(before, asked);

        using Leases leases = new(app.Pool, 1);
        await page.Page.EvaluateAsync(
            "() => { Object.defineProperty(document, 'hidden', { value: false }); document.dispatchEvent(new Event('visibilitychange')); }"
        );
        await page.Shows("#in-use", "1");
    }

    [Fact]
    public async Task It_can_be_paused_and_works_below_a_path_base_and_with_a_slash_at_the_end()
    {
        await using TestApp app = new(
            onKestrel: true,
            map: app =>
            {
                app.UsePathBase("/shop");
                app.UseRouting();
                app.MapSqlitePool("/admin/pool");
            }
        );
        await using BrowserPage page = await browser.Open($"{app.Address}/shop/admin/pool/");
        await page.Shows("#status-word", "Healthy");
        Assert.EndsWith(
            "/shop/admin/pool/stats",
            await page["#json"].EvaluateAsync<string>("e => e.href"),
            StringComparison.Ordinal
        );

        await page["#pause"].ClickAsync();
        await page.Contains("#freshness", "paused");
        using (Leases leases = new(app.Pool, 2))
        {
            await page["#pause"].ClickAsync();
            await page.Shows("#in-use", "2");
        }

        await page.Shows("#in-use", "0");
        Assert.Empty(page.Errors);
    }
}
