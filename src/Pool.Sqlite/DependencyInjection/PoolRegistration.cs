using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pool.Sqlite.DependencyInjection;

/// <summary>Leads from the name of a pool's options back to the pool: a key need not be a text.</summary>
/// <param name="OptionsName">The name of its options.</param>
/// <param name="ServiceKey">Its key; null for the pool without one.</param>
internal sealed record PoolRegistration(string OptionsName, object? ServiceKey)
{
    /// <exception cref="InvalidOperationException">The builder is of other options.</exception>
    public static PoolRegistration Of(OptionsBuilder<SqlitePoolOptions> builder) =>
        builder
            .Services.Where(static service => !service.IsKeyedService)
            .Select(static service => service.ImplementationInstance)
            .OfType<PoolRegistration>()
            .FirstOrDefault(registration => registration.OptionsName == builder.Name)
        ?? throw new InvalidOperationException(
            "There is no pool with these options. Call it on what AddSqlitePool returns."
        );
}
