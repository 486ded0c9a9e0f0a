using System.Diagnostics;
using System.Globalization;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A <see cref="WebServer"/> and the connections to it.</summary>
internal sealed class WebServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _server;
    private readonly HttpClient _client;
    private bool _isDisposed;

    public WebServerProcess(string connectionString, Role role, int connections)
    {
        _server = OwnProgram.Start(WebServer.Command, connectionString, role.ToString());
        string? url = _server.StandardOutput.ReadLine();
        if (url is null)
        {
            string error = _server.StandardError.ReadToEnd();
            _server.Dispose();
            throw new IOException("The web server did not start: " + error);
        }

        _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
        {
            BaseAddress = new Uri(url),
        };
    }

    public async Task Get(long id)
    {
        using HttpResponseMessage answer = await _client
            .GetAsync(new Uri(id.ToString(CultureInfo.InvariantCulture), UriKind.Relative))
            .ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _client.Dispose();
        _server.StandardInput.Close();
        if (!_server.WaitForExit(Patience))
        {
            _server.Kill();
        }

        _server.Dispose();
    }
}
