using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>An application with one pool on a database of its own, behind a test server.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly TempDatabase _database = new();
    private readonly WebApplication _app;

    /// <param name="keys">More of the connection string: the pool's keys.</param>
    /// <param name="services">More services.</param>
    /// <param name="map">What to map; the pool at <c>/pool</c> by default.</param>
    /// <param name="onKestrel">On a real port of this machine, for a real browser.</param>
    public TestApp(
        string keys = "",
        Action<IServiceCollection, TempDatabase>? services = null,
        Action<WebApplication>? map = null,
        bool onKestrel = false
    )
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (onKestrel)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseTestServer();
        }

        builder.Services.AddSqlitePool($"{_database.ConnectionString};{keys}");
        services?.Invoke(builder.Services, _database);
        _app = builder.Build();
        (map ?? (static app => app.MapSqlitePool()))(_app);
        ((IHost)_app).Start();
        Client = onKestrel ? new HttpClient { BaseAddress = new Uri(_app.Urls.First()) } : _app.GetTestClient();
    }

    public HttpClient Client { get; }

    public string Address => _app.Urls.First();

    public IServiceProvider Services => _app.Services;

    public SqlitePool Pool => Services.GetRequiredService<SqlitePool>();

    public async Task<JsonElement> GetJson(string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(new Uri(path, UriKind.Relative)).Limited();
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _database.Dispose();
    }
}
