using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace TradingBackend;

/// <summary>The only place that knows which database it is.</summary>
public static partial class Database
{
    /// <summary>The key of the data source for what only reads.</summary>
    public const string Reads = "reads";

    /// <summary>
    /// Registers the data sources. The URL is <c>sqlite:///app.db</c>,
    /// <c>postgresql://user:password@primary,standby/database</c>, or a connection string: <c>Data Source=app.db</c>,
    /// <c>Host=primary,standby;Username=…</c>.
    /// </summary>
    public static IServiceCollection AddDatabase(this IServiceCollection services, string url)
    {
        if (PostgresSettings(url) is not { } settings)
        {
            services.AddSqlitePool(SqliteUrl().Replace(url, "Data Source="));
            return services.AddKeyedSingleton(Reads, (provider, _) => provider.GetRequiredService<DbDataSource>());
        }

        return services
            .AddSingleton(_ => new NpgsqlDataSourceBuilder(settings.ConnectionString).BuildMultiHost())
            .AddSingleton<DbDataSource>(provider => Target(provider, TargetSessionAttributes.Primary))
            .AddKeyedSingleton<DbDataSource>(
                Reads,
                (provider, _) => Target(provider, TargetSessionAttributes.PreferStandby)
            );
    }

    private static NpgsqlDataSource Target(IServiceProvider provider, TargetSessionAttributes target) =>
        provider.GetRequiredService<NpgsqlMultiHostDataSource>().WithTargetSession(target);

    private static NpgsqlConnectionStringBuilder? PostgresSettings(string url)
    {
        if (url.StartsWith("Host=", StringComparison.OrdinalIgnoreCase))
        {
            return new NpgsqlConnectionStringBuilder(url);
        }

        // Not Uri, which has no more than one host.
        if (PostgresUrl().Match(url) is not { Success: true } match)
        {
            return null;
        }

        NpgsqlConnectionStringBuilder settings = new()
        {
            Host = match.Groups["hosts"].Value,
            Username = Decoded("user"),
            Password = Decoded("password"),
            Database = Decoded("database"),
        };
        foreach (string option in match.Groups["options"].Value.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = option.Split('=', 2);
            settings[pair[0]] = Uri.UnescapeDataString(pair[^1]);
        }

        return settings;

        string? Decoded(string group) =>
            match.Groups[group] is { Success: true, Value: var text } ? Uri.UnescapeDataString(text) : null;
    }

    [GeneratedRegex(
        "^postgres(ql)?://((?<user>[^:@/]*)(:(?<password>[^@/]*))?@)?(?<hosts>[^/?]+)(/(?<database>[^?]*))?([?](?<options>.*))?$"
    )]
    private static partial Regex PostgresUrl();

    [GeneratedRegex("^sqlite:///")]
    private static partial Regex SqliteUrl();
}
