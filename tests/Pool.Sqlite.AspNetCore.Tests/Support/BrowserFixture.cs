using Microsoft.Playwright;
using Pool.Sqlite.Tests.Shared;

namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>A real browser, if this machine has one: Chromium on the PATH, or where <c>CHROMIUM</c> says.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } path)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = path,

                // Containers run tests as root and have little shared memory; Chromium's sandbox wants neither.
                Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            }
        );
    }

    /// <summary>A page, and what it complained about. Skips the test where there is no browser.</summary>
    internal async Task<BrowserPage> Open(string address, int width = 1100, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipWhen(
            _browser is null,
            "No browser: install chromium (apt-get install chromium), or name one in CHROMIUM."
        );
        IBrowserContext context = await _browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                ViewportSize = new ViewportSize { Width = width, Height = 800 },
                ColorScheme = scheme,
            }
        );
        Assertions.SetDefaultExpectTimeout((float)BrowserPage.Patience.TotalMilliseconds);
        context.SetDefaultTimeout((float)BrowserPage.Patience.TotalMilliseconds);
        await context.AddInitScriptAsync(BrowserPage.KeepAnnouncements);
        BrowserPage page = new(context, await context.NewPageAsync());
        await page.Page.GotoAsync(address);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
    }

    private static string? Find() =>
        Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named
            ? named
            : (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(Path.PathSeparator)
                .SelectMany(static folder => Names.Select(name => Path.Combine(folder, name)))
                .FirstOrDefault(File.Exists);
}

/// <summary>An open page, with every error on its console.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    /// <summary>Long enough for any machine, so that only a test which has failed already ever meets it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What is announced stays on the page until the next announcement, which may come before anybody has looked.
    /// </summary>
    public const string KeepAnnouncements = """
        window.announced = [];
        document.addEventListener("DOMContentLoaded", () => {
          const place = document.getElementById("announce");
          new MutationObserver(() => window.announced.push(place.textContent)).observe(place, { childList: true });
        });
        """;

    private readonly IBrowserContext _context;
    private readonly List<string> _errors = [];

    public BrowserPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => Note(message.Type is "error" or "warning" ? message.Text : null);
        page.PageError += (_, error) => Note(error);
        page.Dialog += (_, dialog) => Note($"dialog: {dialog.Message}");
    }

    public IPage Page { get; }

    public string[] Errors
    {
        get
        {
            lock (_errors)
            {
                return [.. _errors];
            }
        }
    }

    public ILocator this[string selector] => Page.Locator(selector);

    public Task Shows(string selector, string text) => Assertions.Expect(this[selector]).ToHaveTextAsync(text);

    public Task Contains(string selector, string text) => Assertions.Expect(this[selector]).ToContainTextAsync(text);

    /// <summary>As <see cref="Shows"/>, for a text that may change meanwhile.</summary>
    public Task Agrees(string selector, Func<string> text) =>
        Eventually.Holds(
            async () =>
                await this[selector].InnerTextAsync() is var shown && shown != text()
                    ? $"{selector} shows '{shown}', and not '{text()}'"
                    : null,
            Patience
        );

    /// <summary>It has told those who do not see it, now or before.</summary>
    public Task Announces(string text) =>
        Eventually.Holds(
            async () =>
            {
                string[] announced = await Page.EvaluateAsync<string[]>("() => window.announced");
                return Array.Exists(announced, each => each.Contains(text, StringComparison.Ordinal))
                    ? null
                    : $"'{text}' was not announced, but: {string.Join(" | ", announced)}";
            },
            Patience
        );

    public ValueTask DisposeAsync() => new(_context.CloseAsync());

    private void Note(string? error)
    {
        if (error is not null)
        {
            lock (_errors)
            {
                _errors.Add(error);
            }
        }
    }
}
