using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using TradingBackend;

namespace Pool.Sqlite.Integration.Tests;

public enum Kind
{
    Sqlite,
    PostgreSql,
}

/// <summary>A new database, registered as the sample does: only its URL says which it is.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly string? _folder;
    private readonly ServiceProvider _services;

    private TestDatabase(string url, string? folder)
    {
        Url = url;
        _folder = folder;
        _services = new ServiceCollection().AddDatabase(url).BuildServiceProvider();
    }

    public string Url { get; }

    public DbDataSource Source => _services.GetRequiredService<DbDataSource>();

    public DbDataSource Reads => _services.GetRequiredKeyedService<DbDataSource>(Database.Reads);

    /// <param name="postgres">Where PostgreSQL is.</param>
    /// <param name="kind">Which of the two.</param>
    /// <param name="sqliteKeys">More of the connection string.</param>
    /// <param name="postgresKeys">More of the connection string.</param>
    public static async Task<TestDatabase> CreateAsync(
        PostgresFixture postgres,
        Kind kind,
        string sqliteKeys = "",
        string postgresKeys = ""
    )
    {
        if (kind == Kind.PostgreSql)
        {
            return new TestDatabase(
                $"{(await postgres.CreateDatabaseAsync()).ConnectionString};{postgresKeys}",
                folder: null
            );
        }

        string folder = Directory.CreateTempSubdirectory("pool-sqlite-").FullName;
        return new TestDatabase($"Data Source={Path.Combine(folder, "test.db")};{sqliteKeys}", folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
