using System.Data.Common;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pool.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers pools with a service collection.</summary>
public static partial class SqlitePoolServiceCollectionExtensions
{
    /// <summary>
    /// Registers a <see cref="SqlitePool"/>, also as <see cref="DbDataSource"/>, that gets all its settings through the
    /// returned builder, the connection string included.
    /// </summary>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(this IServiceCollection services) =>
        Add(services, serviceKey: null, connectionString: null);

    /// <summary>
    /// Registers a <see cref="SqlitePool"/>, also as <see cref="DbDataSource"/>: one for the application.
    /// </summary>
    /// <remarks>
    /// It is made when it is first asked for, logs through the container's <see cref="ILoggerFactory"/>, uses its
    /// <see cref="TimeProvider"/> if there is one, and is closed with the container. The settings are read once:
    /// changing the configuration later does nothing. They are checked when the pool is made, or already as the
    /// application starts with
    /// <c>ValidateOnStart()</c>; an <see cref="OptionsValidationException"/> then lists everything that is wrong.
    /// </remarks>
    /// <param name="services">Where to register it.</param>
    /// <param name="connectionString">
    /// What to connect to; it can carry the pool's own keys. <c>ConnectionString</c> in a configuration that is bound
    /// through the returned builder wins over it.
    /// </param>
    /// <returns>
    /// For the settings: <c>.BindConfiguration("SqlitePool").ValidateOnStart()</c>, <c>.Configure(…)</c>.
    /// </returns>
    /// <example>
    /// <code>
    /// builder.Services.AddSqlitePool("Data Source=app.db")
    ///     .BindConfiguration("SqlitePool")    // SqlitePool:PoolSize, or SqlitePool__PoolSize=20 in the environment
    ///     .ValidateOnStart();
    /// </code>
    /// </example>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        string connectionString
    )
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        return Add(services, serviceKey: null, connectionString);
    }

    /// <summary>
    /// Registers a <see cref="SqlitePool"/> under a key, also as <see cref="DbDataSource"/>, for an application with
    /// more than one: <c>[FromKeyedServices("orders")] SqlitePool orders</c>.
    /// </summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="serviceKey">Its key. If it is a string, that is also the name of its options.</param>
    /// <param name="connectionString">
    /// What to connect to; it can carry the pool's own keys. Null when a configuration that is bound through the
    /// returned builder says it.
    /// </param>
    /// <exception cref="ArgumentException">The key is a connection string: the two are swapped.</exception>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        object serviceKey,
        string? connectionString
    )
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        return Add(services, serviceKey, connectionString);
    }

    /// <summary>As <see cref="AddSqlitePool(IServiceCollection)"/>, with settings in code.</summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="configure">Sets them, <see cref="SqlitePoolOptions.ConnectionString"/> included.</param>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        Action<SqlitePoolOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, serviceKey: null, connectionString: null).Configure(configure);
    }

    /// <summary>As <see cref="AddSqlitePool(IServiceCollection, string)"/>, with further settings in code.</summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="connectionString">What to connect to; it can carry the pool's own keys.</param>
    /// <param name="configure">Sets them.</param>
    /// <exception cref="ArgumentException">
    /// The text is no connection string. (A pool with a text as its key needs three arguments: the key, the connection
    /// string or null, and the settings.)
    /// </exception>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        string connectionString,
        Action<SqlitePoolOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(connectionString);
        RefuseKey(connectionString);
        return Add(services, serviceKey: null, connectionString).Configure(configure);
    }

    /// <summary>As <see cref="AddSqlitePool(IServiceCollection, object, string?)"/>, with settings in code.</summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="serviceKey">
    /// Its key, which is no text here: with one, write the overload that has a connection string as well.
    /// </param>
    /// <param name="configure">Sets them, <see cref="SqlitePoolOptions.ConnectionString"/> included.</param>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        object serviceKey,
        Action<SqlitePoolOptions> configure
    ) => services.AddSqlitePool(serviceKey, null, configure);

    /// <summary>
    /// As <see cref="AddSqlitePool(IServiceCollection, object, string?)"/>, with further settings in code.
    /// </summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="serviceKey">Its key. If it is a string, that is also the name of its options.</param>
    /// <param name="connectionString">What to connect to; null when <paramref name="configure"/> says it.</param>
    /// <param name="configure">Sets them.</param>
    /// <exception cref="ArgumentException">The key is a connection string: the two are swapped.</exception>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        object serviceKey,
        string? connectionString,
        Action<SqlitePoolOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, serviceKey, connectionString).Configure(configure);
    }

    private static OptionsBuilder<SqlitePoolOptions> Add(
        IServiceCollection services,
        object? serviceKey,
        string? connectionString
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        MistakenName.Refuse(
            serviceKey,
            "The arguments seem to be swapped: write the key first, AddSqlitePool(\"orders\", \"Data Source=orders.db\"); without a key leave it out."
        );
        string name = OptionsName(serviceKey);
        services.TryAddValidator<SqlitePoolOptions, ValidateSqlitePoolOptions>();
        services.AddSingleton(new PoolRegistration(name, serviceKey));
        if (serviceKey is null)
        {
            services.TryAddSingleton(provider => Create(provider, name));
            services.TryAddSingleton<DbDataSource>(static provider => provider.GetRequiredService<SqlitePool>());
        }
        else
        {
            services.TryAddKeyedSingleton(serviceKey, (provider, _) => Create(provider, name));
            services.TryAddKeyedSingleton<DbDataSource>(
                serviceKey,
                static (provider, key) => provider.GetRequiredKeyedService<SqlitePool>(key)
            );
        }

        OptionsBuilder<SqlitePoolOptions> options = services.AddOptions<SqlitePoolOptions>(name);
        return connectionString is null ? options : options.Configure(each => each.ConnectionString = connectionString);
    }

    private static void RefuseKey(string connectionString)
    {
        if (connectionString.Length > 0 && !connectionString.Contains('=', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                "The text is no connection string. Write \"Data Source=app.db\"; and if it is meant to be the key of the pool, "
                    + "AddSqlitePool(key, connectionString, options => ...), where the connection string can be null.",
                nameof(connectionString)
            );
        }
    }

    // From the factory: a monitor would read and check the settings again with every change of the configuration.
    private static SqlitePool Create(IServiceProvider provider, string name) =>
        new(
            provider.GetRequiredService<IOptionsFactory<SqlitePoolOptions>>().Create(name),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<TimeProvider>()
        );

    /// <summary>Keys that only look alike, such as 1 and "1", or "" and none, must not share their settings.</summary>
    internal static string OptionsName(object? serviceKey) =>
        serviceKey switch
        {
            null => Options.Options.DefaultName,
            string { Length: > 0 } text => text,
            _ => $"{serviceKey.GetType()} {serviceKey}",
        };
}
