using Microsoft.Extensions.Options;
using Pool.Sqlite.Configuration;

namespace Pool.Sqlite.DependencyInjection;

/// <summary>Lets a host say everything that is wrong with its pools' settings as it starts.</summary>
internal sealed class ValidateSqlitePoolOptions : IValidateOptions<SqlitePoolOptions>
{
    public ValidateOptionsResult Validate(string? name, SqlitePoolOptions options)
    {
        List<string> errors = [];
        OptionsCheck.Find(options.Clone(), errors);
        string pool = MistakenName.Title("SqlitePool", name);
        return errors.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(errors.Select(error => $"{pool}: {error}"));
    }
}
