using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Holds the pool of a context, and puts the services that use it in place of the provider's.
/// </summary>
internal sealed class SqlitePoolOptionsExtension(SqlitePool pool) : IDbContextOptionsExtension
{
    private ExtensionInfo? _info;

    public SqlitePool Pool { get; } = pool;

    public DbContextOptionsExtensionInfo Info => _info ??= new ExtensionInfo(this);

    public void ApplyServices(IServiceCollection services) => SqlitePoolServices.Add(services);

    /// <exception cref="InvalidOperationException">The context has services of its own, without the pool's.</exception>
    public void Validate(IDbContextOptions options)
    {
        if (
            options.FindExtension<CoreOptionsExtension>()?.InternalServiceProvider is { } services
            && services.GetService(typeof(SqlitePoolServices)) is null
        )
        {
            throw new InvalidOperationException(
                "The services given to UseInternalServiceProvider are not those of UseSqlitePool: the context would not use the pool. "
                    + $"Call {nameof(SqlitePoolEntityFrameworkServiceCollectionExtensions.AddEntityFrameworkSqlitePool)}() on them in "
                    + "place of AddEntityFrameworkSqlite()."
            );
        }
    }

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
