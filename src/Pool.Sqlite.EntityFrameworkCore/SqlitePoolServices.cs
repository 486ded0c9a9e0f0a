using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// The connection, the creator and the history that use the pool of a context. Itself a service, so that it shows
/// whether they are there.
/// </summary>
internal sealed class SqlitePoolServices
{
    // The last registration of a service wins, and an earlier one keeps the provider from adding its own.
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<SqlitePoolServices>();
        services.AddScoped<ISqliteRelationalConnection, SqlitePoolRelationalConnection>();
        services.AddScoped<IRelationalDatabaseCreator, SqlitePoolDatabaseCreator>();
        services.AddScoped<IHistoryRepository, SqlitePoolHistoryRepository>();
    }
}
