using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Pool.Sqlite.Tool.Tests;

/// <summary>
/// A PostgreSQL server of the tests' own, on loopback and in a temporary folder, where its programs are installed.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"pool-sqlite-postgres-{Guid.NewGuid():N}");
    private int _port = FreePort();
    private string? _programs;

    /// <summary>Skips the test where there is no server.</summary>
    public void Require() =>
        Assert.SkipWhen(
            _programs is null,
            "No PostgreSQL server is installed (postgres and initdb, in /usr/lib/postgresql/*/bin " + "or on the PATH)."
        );

    /// <summary>A fresh database.</summary>
    public async Task<string> MakeDatabase()
    {
        string name = $"test_{Guid.NewGuid():N}";
        await using NpgsqlConnection connection = new(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new($"create database {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public ValueTask InitializeAsync()
    {
        _programs = Find();
        if (_programs is not null)
        {
            Directory.CreateDirectory(_folder);
            if (IsRoot)
            {
                Start("chown", ["postgres", _folder], asServer: false);
            }

            string data = Path.Combine(_folder, "data");
            Start(
                Path.Combine(_programs, "initdb"),
                ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
            );

            // The port may be taken again before the server has it.
            for (int left = 3; !TryStart(data, mustStart: left == 1); left--)
            {
                _port = FreePort();
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (_programs is not null)
        {
            NpgsqlConnection.ClearAllPools();
            Start(
                Path.Combine(_programs, "pg_ctl"),
                ["-D", Path.Combine(_folder, "data"), "-w", "-m", "immediate", "stop"]
            );
            Directory.Delete(_folder, recursive: true);
        }

        return ValueTask.CompletedTask;
    }

    private bool TryStart(string data, bool mustStart)
    {
        string options = string.Create(
            CultureInfo.InvariantCulture,
            $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c "
                + $"shared_buffers=16MB -c max_connections=20"
        );
        string[] arguments =
        [
            "-D",
            data,
            "-w",
            "-t",
            "180",
            "-l",
            Path.Combine(_folder, "log"),
            "-o",
            options,
            "start",
        ];
        return Start(Path.Combine(_programs!, "pg_ctl"), arguments, mustSucceed: mustStart);
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string ConnectionString(string database) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Host=127.0.0.1;Port={_port};Username=test;Database={database};Pooling=false"
        );

    private static string? Find()
    {
        // The server refuses to run as root, so there must be a user for it.
        if (
            IsRoot
            && !(
                File.Exists("/etc/passwd")
                && File.ReadLines("/etc/passwd")
                    .Any(static line => line.StartsWith("postgres:", StringComparison.Ordinal))
            )
        )
        {
            return null;
        }

        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (Directory.Exists("/usr/lib/postgresql"))
        {
            folders = folders.Concat(
                Directory
                    .GetDirectories("/usr/lib/postgresql")
                    .OrderDescending()
                    .Select(static folder => Path.Combine(folder, "bin"))
            );
        }

        return folders.FirstOrDefault(static folder =>
            folder.Length > 0
            && File.Exists(Path.Combine(folder, "initdb"))
            && File.Exists(Path.Combine(folder, "postgres"))
        );
    }

    private static bool Start(string program, string[] arguments, bool asServer = true, bool mustSucceed = true)
    {
        ProcessStartInfo start =
            IsRoot && asServer
                ? new ProcessStartInfo("runuser", ["-u", "postgres", "--", program, .. arguments])
                : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = Path.GetTempPath();

        // Nothing is redirected: a server that starts would keep the pipe open.
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 || !mustSucceed, $"{program} has failed.");
        return process.ExitCode == 0;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
