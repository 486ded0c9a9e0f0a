namespace Pool.Sqlite.Configuration;

/// <summary>
/// Knows a connection string that stands where a name belongs: names are printed, and it may hold a password.
/// </summary>
internal static class MistakenName
{
    /// <summary>Whether it has what tells a connection string from a name: a data source or a password.</summary>
    public static bool IsConnectionString(string? text)
    {
        if (text is null || !text.Contains('=', StringComparison.Ordinal))
        {
            return false;
        }

        // As a data source a URI may hold the key of an encrypted database.
        return (
                text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
                && text.Contains('?', StringComparison.Ordinal)
            )
            || Array.Exists(text.Split(';'), static setting => setting.Split('=') is [string key, _, ..] && Tells(key));
    }

    /// <summary>Refuses a service key that is a connection string, without repeating it.</summary>
    /// <param name="serviceKey">The key.</param>
    /// <param name="instead">What to write.</param>
    /// <exception cref="ArgumentException">It is one.</exception>
    public static void Refuse(object? serviceKey, string instead)
    {
        if (IsConnectionString(serviceKey?.ToString()))
        {
            throw new ArgumentException(
                $"The key is a connection string (not shown here: it may have a password). {instead}",
                nameof(serviceKey)
            );
        }
    }

    /// <summary>What messages call the options of this name.</summary>
    public static string Title(string kind, string? optionsName) =>
        string.IsNullOrEmpty(optionsName) ? kind
        : IsConnectionString(optionsName) ? $"{kind} (its name is a connection string, and is not shown)"
        : $"{kind} '{optionsName}'";

    private static bool Tells(string key)
    {
        string letters = NearestWord.Letters(key);
        return letters.EndsWith("DATASOURCE", StringComparison.Ordinal)
            || letters.EndsWith("FILENAME", StringComparison.Ordinal)
            || letters.Contains("PASSW", StringComparison.Ordinal)
            || letters.Contains("PWD", StringComparison.Ordinal);
    }
}
