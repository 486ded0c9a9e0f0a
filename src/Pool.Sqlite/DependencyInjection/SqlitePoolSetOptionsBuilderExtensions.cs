using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Pool.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Binds the settings of a set of pools to a configuration, refusing what would be ignored or misread.
/// </summary>
/// <inheritdoc cref="SqlitePoolOptionsBuilderExtensions" path="/remarks"/>
public static class SqlitePoolSetOptionsBuilderExtensions
{
    /// <summary>Takes the settings from a section of the application's configuration.</summary>
    /// <param name="optionsBuilder">From <c>AddSqlitePoolSet</c>.</param>
    /// <param name="configSectionPath">
    /// The section: <c>Tenants</c>, with <c>Tenants:MaxOpenConnections</c> and <c>Tenants:Pool:PoolSize</c>.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">
    /// When the settings are read: the section has an unknown key, or a value that cannot be read; all are listed.
    /// </exception>
    public static OptionsBuilder<SqlitePoolSetOptions> BindConfiguration(
        this OptionsBuilder<SqlitePoolSetOptions> optionsBuilder,
        string configSectionPath
    )
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        ArgumentNullException.ThrowIfNull(configSectionPath);
        optionsBuilder.Services.TryAddValidator<SqlitePoolSetOptions, ValidateSqlitePoolSetOptions>();
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
    /// <param name="optionsBuilder">From <c>AddSqlitePoolSet</c>.</param>
    /// <param name="config">The section.</param>
    /// <returns>The same builder.</returns>
    /// <inheritdoc cref="BindConfiguration"/>
    public static OptionsBuilder<SqlitePoolSetOptions> Bind(
        this OptionsBuilder<SqlitePoolSetOptions> optionsBuilder,
        IConfiguration config
    )
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        ArgumentNullException.ThrowIfNull(config);
        optionsBuilder.Services.TryAddValidator<SqlitePoolSetOptions, ValidateSqlitePoolSetOptions>();
        return optionsBuilder.Configure(options =>
            options.Misread.AddRange(ConfigurationBinding.Apply(config, options))
        );
    }
}
