using Microsoft.Extensions.Options;
using Pool.Sqlite;

namespace Microsoft.Extensions.DependencyInjection;

/// <content>Settings that come from other services.</content>
public static partial class SqlitePoolServiceCollectionExtensions
{
    /// <summary>
    /// As <see cref="AddSqlitePool(IServiceCollection, Action{SqlitePoolOptions})"/>, with settings that other services
    /// of the container give: <c>AddSqlitePool((services, options) => …)</c>.
    /// </summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="configure">
    /// Gets the container, not a scope of it, and sets them, <see cref="SqlitePoolOptions.ConnectionString"/> included.
    /// </param>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        Action<IServiceProvider, SqlitePoolOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, serviceKey: null, connectionString: null).ConfigureFrom(configure);
    }

    /// <summary>
    /// As <see cref="AddSqlitePool(IServiceCollection, string, Action{SqlitePoolOptions})"/>, with settings that other
    /// services of the container give.
    /// </summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="connectionString">What to connect to; it can carry the pool's own keys.</param>
    /// <param name="configure">Gets the container, not a scope of it, and sets them.</param>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string, Action{SqlitePoolOptions})"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        string connectionString,
        Action<IServiceProvider, SqlitePoolOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(connectionString);
        RefuseKey(connectionString);
        return Add(services, serviceKey: null, connectionString).ConfigureFrom(configure);
    }

    /// <summary>
    /// As <see cref="AddSqlitePool(IServiceCollection, object, Action{SqlitePoolOptions})"/>, with settings that other
    /// services of the container give.
    /// </summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="serviceKey">
    /// Its key, which is no text here: with one, write the overload that has a connection string as well.
    /// </param>
    /// <param name="configure">
    /// Gets the container, not a scope of it, and sets them, <see cref="SqlitePoolOptions.ConnectionString"/> included.
    /// </param>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        object serviceKey,
        Action<IServiceProvider, SqlitePoolOptions> configure
    ) => services.AddSqlitePool(serviceKey, null, configure);

    /// <summary>
    /// As <see cref="AddSqlitePool(IServiceCollection, object, string?, Action{SqlitePoolOptions})"/>, with settings that
    /// other services of the container give.
    /// </summary>
    /// <param name="services">Where to register it.</param>
    /// <param name="serviceKey">Its key. If it is a string, that is also the name of its options.</param>
    /// <param name="connectionString">What to connect to; null when <paramref name="configure"/> says it.</param>
    /// <param name="configure">Gets the container, not a scope of it, and sets them.</param>
    /// <exception cref="ArgumentException">The key is a connection string: the two are swapped.</exception>
    /// <inheritdoc cref="AddSqlitePool(IServiceCollection, string)"/>
    public static OptionsBuilder<SqlitePoolOptions> AddSqlitePool(
        this IServiceCollection services,
        object serviceKey,
        string? connectionString,
        Action<IServiceProvider, SqlitePoolOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, serviceKey, connectionString).ConfigureFrom(configure);
    }

    private static OptionsBuilder<SqlitePoolOptions> ConfigureFrom(
        this OptionsBuilder<SqlitePoolOptions> builder,
        Action<IServiceProvider, SqlitePoolOptions> configure
    ) => builder.Configure<IServiceProvider>((options, provider) => configure(provider, options));
}
