using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Pool.Sqlite.DependencyInjection;

/// <summary>Registers a validator of options, once.</summary>
internal static class ValidatorRegistration
{
    public static void TryAddValidator<TOptions, TValidator>(this IServiceCollection services)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>, new() =>
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<TOptions>, TValidator>(static _ => new())
        );
}
