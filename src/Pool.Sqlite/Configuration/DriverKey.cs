using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Configuration;

/// <summary>
/// Checks the values of the driver's own keys in a connection string: what the driver says of one that it cannot read
/// does not name the key.
/// </summary>
internal static class DriverKey
{
    // Only asked, never changed.
    private static readonly SqliteConnectionStringBuilder Driver = new();

    /// <summary>The keys, without their other spellings.</summary>
    public static IEnumerable<string> Names => Driver.Keys.Cast<string>();

    public static bool IsKnown(string key) => Driver.ContainsKey(key);

    /// <summary>Null for a value that the driver can read; otherwise what is wrong with it.</summary>
    public static string? WhyNot(string key, object value)
    {
        try
        {
            SqliteConnectionStringBuilder read = new() { [key] = value };
            // The driver takes any number for a word, and only fails when it opens.
            if (read.DefaultTimeout >= 0 && Enum.IsDefined(read.Mode) && Enum.IsDefined(read.Cache))
            {
                return null;
            }
        }
        catch (Exception e)
            when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            // Said below.
        }

        string name = Names.FirstOrDefault(each => each.Equals(key, StringComparison.OrdinalIgnoreCase)) ?? key;
        return name == "Password"
            ? "ConnectionString has a Password that the driver cannot read."
            : $"ConnectionString has {name}='{value}'. Allowed: {Allowed(NearestWord.Letters(key))}.";
    }

    private static string Allowed(string letters) =>
        letters switch
        {
            "MODE" => string.Join(", ", Enum.GetNames<SqliteOpenMode>()),
            "CACHE" => string.Join(", ", Enum.GetNames<SqliteCacheMode>()),
            "DEFAULTTIMEOUT" or "COMMANDTIMEOUT" => "whole seconds up to 2147483647, 0 for no limit",
            _ => "True or False",
        };
}
