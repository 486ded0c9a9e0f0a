using Microsoft.Extensions.Options;
using Pool.Sqlite.Configuration;

namespace Pool.Sqlite.DependencyInjection;

/// <summary>Lets a host say everything that is wrong with the settings of its sets of pools as it starts.</summary>
internal sealed class ValidateSqlitePoolSetOptions : IValidateOptions<SqlitePoolSetOptions>
{
    public ValidateOptionsResult Validate(string? name, SqlitePoolSetOptions options)
    {
        List<string> errors = [];
        SetOptionsCheck.Find(options.Clone(), errors);
        string set = MistakenName.Title("SqlitePoolSet", name);
        return errors.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(errors.Select(error => $"{set}: {error}"));
    }
}
