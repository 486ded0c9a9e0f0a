using System.Buffers;
using System.Globalization;
using System.Text;

namespace Pool.Sqlite.Configuration;

/// <summary>
/// The keys of a set of databases, which become file names: only those that are one on every system, and lead nowhere
/// else.
/// </summary>
internal static class DatabaseKey
{
    // File systems allow 255 bytes; SQLite appends up to "-journal", and the set an extension.
    private const int MostBytes = 200;
    private const string Wildcards = "*?\"<>|";
    private static readonly SearchValues<char> AnySeparator = SearchValues.Create("/\\:");
    private static readonly SearchValues<char> AnyWildcard = SearchValues.Create(Wildcards);
    private static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    private static readonly HashSet<string> Devices = new(
        [
            "CON",
            "PRN",
            "AUX",
            "NUL",
            "CONIN$",
            "CONOUT$",
            .. "0123456789¹²³".SelectMany(static digit => new[] { $"COM{digit}", $"LPT{digit}" }),
        ],
        StringComparer.OrdinalIgnoreCase
    );

    /// <exception cref="ArgumentException">It cannot be a key; the message says why.</exception>
    public static void Check(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (WhyNot(key) is { } problem)
        {
            throw new ArgumentException(
                $"The key {Quoted(key)} {problem} A key is a part of a file name: letters, digits, '-', '_' and "
                    + $"'.', for example.",
                nameof(key)
            );
        }
    }

    /// <summary>Null for a key; otherwise what is wrong with it, as the rest of a sentence.</summary>
    public static string? WhyNot(string key)
    {
        if (key.Length == 0)
        {
            return "is empty.";
        }

        if (MistakenName.IsConnectionString(key))
        {
            return "is a connection string. What all databases share belongs into Pool.ConnectionString.";
        }

        if (key.AsSpan().ContainsAny(AnySeparator))
        {
            return "has a path separator ('/', '\\' or ':'): it would lead out of the folder.";
        }

        if (key[0] is '.' or ' ' || key[^1] is '.' or ' ')
        {
            return "begins or ends with a dot or a space, which some systems hide or drop.";
        }

        if (key.EnumerateRunes().Any(IsUnprintable))
        {
            return "has a character that cannot be printed.";
        }

        if (key.AsSpan().ContainsAny(AnyWildcard))
        {
            return $"has one of the characters {Wildcards}, which some systems do not allow.";
        }

        if (Devices.Contains(key.Split('.')[0].TrimEnd(' ')))
        {
            return "is the name of a device on Windows.";
        }

        if (Array.Exists(Companions, end => key.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
        {
            return "ends like one of the files that SQLite keeps beside a database (-wal, -shm, -journal).";
        }

        return Encoding.UTF8.GetByteCount(key) > MostBytes ? $"is longer than {MostBytes} bytes." : null;
    }

    // Half a surrogate pair comes as the replacement character.
    private static bool IsUnprintable(Rune rune) =>
        rune == Rune.ReplacementChar
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    /// <summary>The key for a message: in quotes, without what cannot be printed or must not be.</summary>
    public static string Quoted(string key)
    {
        if (MistakenName.IsConnectionString(key))
        {
            return "(not shown: it may have a password)";
        }

        IEnumerable<string> printable = key.EnumerateRunes()
            .Take(60)
            .Select(static rune => IsUnprintable(rune) ? "?" : rune.ToString());
        return $"'{string.Concat(printable)}{(key.Length > 60 ? "…" : "")}'";
    }
}
