using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;
using Pool.Sqlite.Tests.Shared;

namespace Pool.Sqlite.Integration.Tests;

/// <summary>One server of PostgreSQL on loopback, which ends with this process at the latest.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private PostgresServer(Process process, int port)
    {
        _process = process;
        Port = port;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    /// <summary>Starts it on a port that was free, and on another when it is taken meanwhile.</summary>
    public static async Task<PostgresServer> StartAsync(
        PostgresTools tools,
        string folder,
        NpgsqlConnectionStringBuilder settings
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort();
            PostgresServer server = new(tools.StartGuarded("postgres", Arguments(folder, port)), port);
            try
            {
                await server.WaitUntilItAnswersAsync(settings);
                return server;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                await server.DisposeAsync();
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Limit);
        _process.Dispose();
    }

    private static string[] Arguments(string folder, int port) =>
        [
            "-D",
            folder,
            "-p",
            port.ToString(CultureInfo.InvariantCulture),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-c",
            "shared_buffers=16MB",
            "-c",
            "max_connections=60",
            "-c",
            "deadlock_timeout=50ms",
            "-c",
            "wal_receiver_status_interval=1s",
        ];

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task WaitUntilItAnswersAsync(NpgsqlConnectionStringBuilder settings)
    {
        NpgsqlConnectionStringBuilder own = new(settings.ConnectionString) { Port = Port, Pooling = false };
        await Eventually.Holds(() => WhyNoAnswerAsync(own.ConnectionString), Limit, TimeSpan.FromMilliseconds(50));
    }

    private async Task<string?> WhyNoAnswerAsync(string connectionString)
    {
        try
        {
            await using NpgsqlConnection connection = new(connectionString);
            await connection.OpenAsync();
            return null;
        }
        catch (NpgsqlException e)
        {
            string log;
            lock (_log)
            {
                log = _log.ToString();
            }

            return _process.HasExited
                ? throw new InvalidOperationException($"PostgreSQL ended: {log}", e)
                : $"PostgreSQL does not answer ({e.Message}): {log}";
        }
    }
}
