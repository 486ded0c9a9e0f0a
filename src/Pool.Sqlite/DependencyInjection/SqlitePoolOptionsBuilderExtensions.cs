using System.Data.Common;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pool.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Binds a pool's settings to a configuration, refusing what would be ignored or misread, and adds a connection for
/// each scope.
/// </summary>
/// <remarks>
/// The bindings stand before the general methods of the same names: a key that is misspelled is an error that suggests
/// the nearest, and a time that is a number alone, which .NET reads as days, is one as well.
/// </remarks>
public static class SqlitePoolOptionsBuilderExtensions
{
    /// <summary>Takes the settings from a section of the application's configuration.</summary>
    /// <param name="optionsBuilder">From <c>AddSqlitePool</c>.</param>
    /// <param name="configSectionPath">The section: <c>SqlitePool</c>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">
    /// When the settings are read: the section has an unknown key, or a value that cannot be read; all are listed.
    /// </exception>
    public static OptionsBuilder<SqlitePoolOptions> BindConfiguration(
        this OptionsBuilder<SqlitePoolOptions> optionsBuilder,
        string configSectionPath
    )
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        ArgumentNullException.ThrowIfNull(configSectionPath);
        optionsBuilder.Services.TryAddValidator<SqlitePoolOptions, ValidateSqlitePoolOptions>();
        return optionsBuilder.Configure<IConfiguration>(
            (options, configuration) =>
                options.Misread.AddRange(
                    ConfigurationBinding.Apply(
                        configSectionPath.Length == 0 ? configuration : configuration.GetSection(configSectionPath),
                        options
                    )
                )
        );
    }

    /// <summary>Takes the settings from a configuration or a section of one.</summary>
    /// <param name="optionsBuilder">From <c>AddSqlitePool</c>.</param>
    /// <param name="config">The section.</param>
    /// <returns>The same builder.</returns>
    /// <inheritdoc cref="BindConfiguration"/>
    public static OptionsBuilder<SqlitePoolOptions> Bind(
        this OptionsBuilder<SqlitePoolOptions> optionsBuilder,
        IConfiguration config
    )
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        ArgumentNullException.ThrowIfNull(config);
        optionsBuilder.Services.TryAddValidator<SqlitePoolOptions, ValidateSqlitePoolOptions>();
        return optionsBuilder.Configure(options =>
            options.Misread.AddRange(ConfigurationBinding.Apply(config, options))
        );
    }

    /// <summary>
    /// Registers a <see cref="SqlitePoolConnection"/> for each scope (in ASP.NET Core each request), also as
    /// <see cref="DbConnection"/>: with the pool's key, where that has one.
    /// </summary>
    /// <remarks>
    /// It is closed at first. <see cref="DbConnection.OpenAsync()"/> rents, and does nothing when it is open already,
    /// so that everything in the scope shares one connection, and one transaction. It goes back to the pool at the end
    /// of the scope; what was not committed is rolled back. A scope that never opens it rents nothing.
    /// </remarks>
    /// <param name="optionsBuilder">From <c>AddSqlitePool</c>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The builder is not from <c>AddSqlitePool</c>.</exception>
    /// <example>
    /// <code>
    /// builder.Services.AddSqlitePool("Data Source=app.db").AddScopedConnection();
    /// </code>
    /// </example>
    public static OptionsBuilder<SqlitePoolOptions> AddScopedConnection(
        this OptionsBuilder<SqlitePoolOptions> optionsBuilder
    )
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        IServiceCollection services = optionsBuilder.Services;
        if (PoolRegistration.Of(optionsBuilder).ServiceKey is { } key)
        {
            services.TryAddKeyedScoped(
                key,
                static (provider, key) => provider.GetRequiredKeyedService<SqlitePool>(key).CreateConnection()
            );
            services.TryAddKeyedScoped<DbConnection>(
                key,
                static (provider, key) => provider.GetRequiredKeyedService<SqlitePoolConnection>(key)
            );
        }
        else
        {
            services.TryAddScoped(static provider => provider.GetRequiredService<SqlitePool>().CreateConnection());
            services.TryAddScoped<DbConnection>(static provider => provider.GetRequiredService<SqlitePoolConnection>());
        }

        return optionsBuilder;
    }
}
