using System.Data.Common;
using Microsoft.Playwright;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>
/// The picture in the README: taken when <c>POOL_SQLITE_SCREENSHOT</c> names a file, of a pool that has been busy for a
/// while. In the dark with <c>-dark</c> in the name, on a phone with <c>-phone</c>.
/// </summary>
internal static class Picture
{
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(75);

    public static async Task TakeIfAsked(BrowserFixture browser)
    {
        if (Environment.GetEnvironmentVariable("POOL_SQLITE_SCREENSHOT") is not { Length: > 0 } path)
        {
            return;
        }

        await using TestApp app = new(
            "Pool Name=orders.db;Pool Size=6;Max Overflow=3;Capture Rent Site=True",
            onKestrel: true
        );
        await app.Pool.ExecuteAsync($"create table orders (id integer primary key, customer text, total real)");
        await using BrowserPage page = await browser.Open(
            $"{app.Address}/pool",
            path.Contains("-phone", StringComparison.Ordinal) ? 360 : 1000,
            path.Contains("-dark", StringComparison.Ordinal) ? ColorScheme.Dark : ColorScheme.Light
        );
        using CancellationTokenSource end = new(Busy);
        Task[] load =
        [
            .. Enumerable.Range(0, 12).Select(number => Use(app.Pool, number, end.Token)),
            .. Enumerable.Range(0, 40).Select(number => Queue(app.Pool, number, end.Token)),
        ];
        using SqlitePoolConnection report = await Task.Run(() => RentForReport(app.Pool));
        using SqlitePoolCommand command = report.CreateCommand(
            "select customer, sum(total) from orders group by customer order by 2 desc"
        );
        using DbDataReader rows = await command.ExecuteReaderAsync();
        await Task.Delay(Busy - TimeSpan.FromSeconds(3));
        await page["#leases summary"].First.ClickAsync();
        await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = path, FullPage = true });
        await Task.WhenAll(load);
    }

    /// <summary>A site that is easy to see in the picture.</summary>
    private static SqlitePoolConnection RentForReport(SqlitePool pool) => pool.Rent();

    private static async Task Use(SqlitePool pool, int number, CancellationToken end)
    {
        Random random = new(number);
        while (!end.IsCancellationRequested)
        {
            // Busy in waves, so that there is something to see.
            double wave = 1 + Math.Sin(Environment.TickCount64 / 7000.0);
            await Task.Delay((int)(random.Next(30, 400) / (0.3 + wave)), CancellationToken.None);
            using SqlitePoolConnection lease = await pool.RentAsync(CancellationToken.None);
            lease.Run(
                number % 4 == 0
                    ? $"insert into orders (customer, total) values ('c{random.Next(100)}', {random.Next(500)})"
                    : "select count(*) from orders"
            );
            await Task.Delay(random.Next(5, 160), CancellationToken.None);
        }
    }

    private static async Task Queue(SqlitePool pool, int number, CancellationToken end)
    {
        Random random = new(number);
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(random.Next(20, 400), CancellationToken.None);
            await Task.WhenAll(
                Enumerable
                    .Range(0, random.Next(50))
                    .Select(i =>
                        pool.Writes.ExecuteAsync(
                            $"insert into orders (customer, total) values ({$"c{number}"}, {i})",
                            CancellationToken.None
                        )
                    )
            );
        }
    }
}
