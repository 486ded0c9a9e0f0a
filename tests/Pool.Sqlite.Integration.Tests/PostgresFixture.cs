using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Npgsql;
using Pool.Sqlite.Tests.Shared;

[assembly: AssemblyFixture(typeof(Pool.Sqlite.Integration.Tests.PostgresFixture))]

namespace Pool.Sqlite.Integration.Tests;

/// <summary>
/// A primary and a streaming standby in a temporary folder. A commit is answered when the standby shows it, so that a
/// test can read there what it has written.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pool-sqlite-postgres-").FullName;
    private readonly NpgsqlConnectionStringBuilder _settings = new()
    {
        Host = "127.0.0.1",
        Username = "pool",
        Password = RandomNumberGenerator.GetHexString(16),
        Database = "postgres",
    };

    private PostgresServer? _primary;
    private PostgresServer? _standby;
    private string _reason = "";

    /// <summary>Primary and standby, for a new database that is made by this call.</summary>
    public async Task<NpgsqlConnectionStringBuilder> CreateDatabaseAsync()
    {
        SkipIfAbsent();
        string name = $"test_{Guid.NewGuid():N}";
        await RunAsync($"create database {name}");
        return new NpgsqlConnectionStringBuilder(_settings.ConnectionString)
        {
            Host = $"127.0.0.1:{_primary.Port},127.0.0.1:{_standby.Port}",
            Database = name,
        };
    }

    public async ValueTask InitializeAsync()
    {
        if (PostgresTools.Find(out _reason) is not { } tools)
        {
            return;
        }

        string primary = Path.Combine(_folder, "primary");
        string standby = Path.Combine(_folder, "standby");
        string password = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(password, _settings.Password);
        await tools.GiveAsync(_folder);
        await tools.RunAsync(
            "initdb",
            "",
            "-D",
            primary,
            "-U",
            _settings.Username!,
            "-A",
            "scram-sha-256",
            $"--pwfile={password}",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync"
        );
        _primary = await PostgresServer.StartAsync(tools, primary, _settings);
        await tools.RunAsync(
            "pg_basebackup",
            _settings.Password!,
            "-D",
            standby,
            "-h",
            "127.0.0.1",
            "-p",
            $"{_primary.Port}",
            "-U",
            _settings.Username!,
            "-R",
            "-c",
            "fast",
            "--no-sync"
        );
        _standby = await PostgresServer.StartAsync(tools, standby, _settings);
        await RunAsync("alter system set synchronous_standby_names = '*'");
        await RunAsync("alter system set synchronous_commit = 'remote_apply'");
        await RunAsync("select pg_reload_conf()");

        await Eventually.Holds(
            async () =>
                await RunAsync(
                    "select sync_state || ' ' || current_setting('synchronous_commit') from pg_stat_replication"
                )
                    is var state
                        and not "sync remote_apply"
                    ? $"the servers have not read their settings: '{state}'"
                    : null,
            TimeSpan.FromSeconds(60)
        );
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (PostgresServer? server in (PostgresServer?[])[_standby, _primary])
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }

        Directory.Delete(_folder, recursive: true);
    }

    [MemberNotNull(nameof(_primary), nameof(_standby))]
    private void SkipIfAbsent()
    {
        Assert.SkipWhen(_primary is null || _standby is null, _reason);
        ArgumentNullException.ThrowIfNull(_primary);
        ArgumentNullException.ThrowIfNull(_standby);
    }

    private async Task<object?> RunAsync(string sql)
    {
        NpgsqlConnectionStringBuilder settings = new(_settings.ConnectionString)
        {
            Port = _primary!.Port,
            Pooling = false,
        };
        await using NpgsqlConnection connection = new(settings.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
