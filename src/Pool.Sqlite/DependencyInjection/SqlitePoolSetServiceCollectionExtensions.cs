using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pool.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers sets of pools with a service collection.</summary>
public static class SqlitePoolSetServiceCollectionExtensions
{
    /// <summary>
    /// Registers a <see cref="SqlitePoolSet"/> that gets all its settings through the returned builder, the folder
    /// included.
    /// </summary>
    /// <inheritdoc cref="AddSqlitePoolSet(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolSetOptions> AddSqlitePoolSet(this IServiceCollection services) =>
        Add(services, serviceKey: null, folder: null);

    /// <summary>Registers a <see cref="SqlitePoolSet"/>: one for the application.</summary>
    /// <remarks>
    /// It is made when it is first asked for, logs through the container's <see cref="ILoggerFactory"/>, uses its
    /// <see cref="TimeProvider"/> if there is one, and is closed with the container. The settings are read once, and
    /// checked when the set is made, or already as the application starts with <c>ValidateOnStart()</c>.
    /// </remarks>
    /// <param name="services">Where to register it.</param>
    /// <param name="folder">The folder of the databases.</param>
    /// <returns>
    /// For the settings: <c>.Configure(options => options.MaxOpenConnections = 500).ValidateOnStart()</c>.
    /// </returns>
    public static OptionsBuilder<SqlitePoolSetOptions> AddSqlitePoolSet(this IServiceCollection services, string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return Add(services, serviceKey: null, folder);
    }

    /// <summary>Registers a <see cref="SqlitePoolSet"/> under a key, for an application with more than one.</summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="serviceKey">Its key. If it is a string, that is also the name of its options.</param>
    /// <param name="folder">The folder of the databases. Null when the returned builder says it.</param>
    /// <exception cref="ArgumentException">The key is a connection string.</exception>
    /// <inheritdoc cref="AddSqlitePoolSet(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolSetOptions> AddSqlitePoolSet(
        this IServiceCollection services,
        object serviceKey,
        string? folder
    )
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        return Add(services, serviceKey, folder);
    }

    private static OptionsBuilder<SqlitePoolSetOptions> Add(
        IServiceCollection services,
        object? serviceKey,
        string? folder
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        MistakenName.Refuse(
            serviceKey,
            "Write AddSqlitePoolSet(key, folder), and what all databases share into Pool.ConnectionString of the options."
        );
        string name = SqlitePoolServiceCollectionExtensions.OptionsName(serviceKey);
        services.TryAddValidator<SqlitePoolSetOptions, ValidateSqlitePoolSetOptions>();
        if (serviceKey is null)
        {
            services.TryAddSingleton(provider => Create(provider, name));
        }
        else
        {
            services.TryAddKeyedSingleton(serviceKey, (provider, _) => Create(provider, name));
        }

        OptionsBuilder<SqlitePoolSetOptions> options = services.AddOptions<SqlitePoolSetOptions>(name);
        return folder is null ? options : options.Configure(each => each.Folder = folder);
    }

    private static SqlitePoolSet Create(IServiceProvider provider, string name) =>
        new(
            provider.GetRequiredService<IOptionsFactory<SqlitePoolSetOptions>>().Create(name),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<TimeProvider>()
        );
}
