using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Holds the pool of a context, and puts the connection, the creator and the history that use it in place of the
/// provider's.
/// </summary>
internal sealed class SqlitePoolOptionsExtension(SqlitePool pool) : IDbContextOptionsExtension
{
    private ExtensionInfo? _info;

    public SqlitePool Pool { get; } = pool;

    public DbContextOptionsExtensionInfo Info => _info ??= new ExtensionInfo(this);

    // The last registration of a service wins, and an earlier one keeps the provider from adding its own.
    public void ApplyServices(IServiceCollection services)
    {
        services.AddScoped<ISqliteRelationalConnection, SqlitePoolRelationalConnection>();
        services.AddScoped<IRelationalDatabaseCreator, SqlitePoolDatabaseCreator>();
        services.AddScoped<IHistoryRepository, SqlitePoolHistoryRepository>();
    }

    public void Validate(IDbContextOptions options) { }

    private sealed class ExtensionInfo(SqlitePoolOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => $"using pool '{extension.Pool.Name}' ";

        // The pool is read from the options of each context, so all pools share one internal service provider.
        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) =>
            other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) =>
            debugInfo["Pool.Sqlite:Pool"] = extension.Pool.Name;
    }
}
