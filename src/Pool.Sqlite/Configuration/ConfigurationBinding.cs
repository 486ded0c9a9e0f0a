using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Pool.Sqlite.Configuration;

/// <summary>
/// Reads the settings of a pool, or of a set of pools, from a section of a configuration. The general binder ignores a
/// key that it does not know, takes "5" for five days, and needs reflection that trimming does not allow.
/// </summary>
internal static class ConfigurationBinding
{
    /// <summary>Sets what the section says.</summary>
    /// <returns>Everything that is wrong with the section, a sentence each.</returns>
    public static IReadOnlyList<string> Apply(IConfiguration section, SqlitePoolOptions options)
    {
        List<string> errors = [];
        Apply(section, options, typeof(SqlitePoolOptions).GetProperties(), errors);
        return errors;
    }

    /// <inheritdoc cref="Apply(IConfiguration, SqlitePoolOptions)"/>
    public static IReadOnlyList<string> Apply(IConfiguration section, SqlitePoolSetOptions options)
    {
        List<string> errors = [];
        Apply(section, options, typeof(SqlitePoolSetOptions).GetProperties(), errors);
        return errors;
    }

    private static void Apply(IConfiguration section, object target, PropertyInfo[] all, List<string> errors)
    {
        PropertyInfo[] properties =
        [
            .. all.Where(static each => !typeof(Delegate).IsAssignableFrom(each.PropertyType)),
        ];
        RefuseValue(section, properties[0].Name, errors);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PropertyInfo? property = Array.Find(
                properties,
                each => each.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)
            );
            if (property is null)
            {
                errors.Add(Unknown(child, properties));
            }
            else if (property.GetValue(target) is IDictionary<string, string> entries)
            {
                RefuseValue(child, "name", errors);
                foreach (IConfigurationSection entry in child.GetChildren())
                {
                    entries[entry.Key] = entry.Value ?? "";
                }
            }
            else if (property.GetValue(target) is IList<string> texts)
            {
                AddAll(child, texts, errors);
            }
            else if (Nested(property.PropertyType) is { } nested)
            {
                Apply(child, property.GetValue(target)!, nested, errors);
            }
            else
            {
                Set(child, target, property, errors);
            }
        }
    }

    // Not shown: where a pool's settings belong, one may have written a connection string with a password.
    private static void RefuseValue(IConfiguration section, string key, List<string> errors)
    {
        if (section is IConfigurationSection { Value.Length: > 0 } single)
        {
            errors.Add(
                $"{single.Path} has a single value, but is a section: write keys below it, as {single.Path}:{key}."
            );
        }
    }

    private static void AddAll(IConfigurationSection section, IList<string> texts, List<string> errors)
    {
        if (section.Value is { Length: > 0 })
        {
            errors.Add($"{section.Path} has a single value, but is a list: write {section.Path}:0, or an array.");
        }

        foreach (IConfigurationSection entry in section.GetChildren())
        {
            texts.Add(entry.Value ?? "");
        }
    }

    // Spelled out, so that trimming keeps what is looked up here.
    private static PropertyInfo[]? Nested(Type type) =>
        type == typeof(SqlitePragmas) ? typeof(SqlitePragmas).GetProperties()
        : type == typeof(SqlitePoolWriteQueueOptions) ? typeof(SqlitePoolWriteQueueOptions).GetProperties()
        : type == typeof(SqlitePoolOptions) ? typeof(SqlitePoolOptions).GetProperties()
        : type == typeof(SqlitePoolHealthOptions) ? typeof(SqlitePoolHealthOptions).GetProperties()
        : null;

    private static string Unknown(IConfigurationSection key, PropertyInfo[] properties)
    {
        string[] names = [.. properties.Select(static property => property.Name)];
        return NearestWord.Find(key.Key, names) is { } nearest
            ? $"The key '{key.Path}' is unknown. Did you mean '{nearest}'?"
            : $"The key '{key.Path}' is unknown. Known are: {string.Join(", ", names)}.";
    }

    private static void Set(IConfigurationSection setting, object target, PropertyInfo property, List<string> errors)
    {
        Type declared = property.PropertyType;
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (setting.GetChildren().Any())
        {
            errors.Add($"{setting.Path} has keys below it, but is a single value.");
        }
        else if (setting.Value is not { } text || (text.Length == 0 && type != declared))
        {
            if (type != declared)
            {
                property.SetValue(target, null);
            }
        }
        else if (Read(text.Trim(), type, out string allowed) is { } value)
        {
            property.SetValue(target, value);
        }
        else
        {
            errors.Add($"{setting.Path} is '{text}'. {allowed}");
        }
    }

    /// <summary>The value; null when it cannot be read.</summary>
    private static object? Read(string text, Type type, out string allowed)
    {
        if (type == typeof(TimeSpan))
        {
            return ReadTime(text, out allowed);
        }

        if (type.IsEnum)
        {
            string[] words = Enum.GetNames(type);
            allowed = $"Allowed: {string.Join(", ", words)}.";
            return words.Contains(text, StringComparer.OrdinalIgnoreCase)
                ? Enum.Parse(type, text, ignoreCase: true)
                : null;
        }

        allowed =
            type == typeof(bool) ? "Allowed: true or false."
            : type == typeof(double) ? "Allowed: a number."
            : "Allowed: a whole number.";
        return type == typeof(string) ? text
            : type == typeof(bool)
                ? bool.TryParse(text, out bool flag) ? flag
                    : null
            : type == typeof(int)
                ? TryRead(text, NumberStyles.Integer, out int number) ? number
                    : null
            : type == typeof(long)
                ? TryRead(text, NumberStyles.Integer, out long large) ? large
                    : null
            : TryRead(text, NumberStyles.Float, out double real) ? real
            : null;
    }

    private static TimeSpan? ReadTime(string text, out string allowed)
    {
        const decimal Most = 1_000_000_000;
        if (TryRead(text, NumberStyles.Number, out decimal seconds) && seconds != 0)
        {
            TimeSpan meant = TimeSpan.FromTicks((long)(Math.Clamp(seconds, -Most, Most) * TimeSpan.TicksPerSecond));
            allowed = $"To .NET that is a number of days. For seconds write {meant:c}.";
            return null;
        }

        allowed = $"Allowed: a time, as 00:00:05; for infinite write {Timeout.InfiniteTimeSpan:c}.";
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time) ? time : null;
    }

    private static bool TryRead<T>(string text, NumberStyles style, out T value)
        where T : struct, System.Numerics.INumberBase<T> =>
        T.TryParse(text, style, CultureInfo.InvariantCulture, out value);
}
