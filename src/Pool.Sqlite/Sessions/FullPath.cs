using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Resolves the Data Source of a file as the driver would, at one moment for all connections of a pool.
/// </summary>
internal static class FullPath
{
    private const string Scheme = "file:";
    private const string DataDirectoryMacro = "|DataDirectory|";

    /// <summary>The Data Source with a full path, as a URI if it is one.</summary>
    public static string Of(SqliteConnectionStringBuilder builder)
    {
        string source = builder.DataSource;

        // What a name means to another file system of SQLite's (memdb, for example) is its own affair.
        if (builder.TryGetValue("Vfs", out object? vfs) && vfs is string { Length: > 0 })
        {
            return source;
        }

        return source.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? OfUri(source)
            : Path.GetFullPath(InDataDirectory(source));
    }

    /// <summary>The file that a resolved Data Source names.</summary>
    public static string FileOf(string source)
    {
        if (!source.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return source;
        }

        string path = Uri.UnescapeDataString(source[Scheme.Length..].Split('?')[0]);
        return path.StartsWith("//", StringComparison.Ordinal) && path.IndexOf('/', 2) is > 0 and int root
            ? path[root..]
            : path;
    }

    /// <summary>
    /// A URI for a file that does not change while it is read: SQLite then takes no lock, and needs no file beside it.
    /// </summary>
    public static string ImmutableUri(string path) =>
        $"{Scheme}//{(path[0] == '/' ? "" : "/")}{Escape(path)}?immutable=1";

    private static string OfUri(string source)
    {
        string[] parts = source[Scheme.Length..].Split('?', 2);
        bool isElsewhere =
            parts is [_, string query]
            && query
                .Split('&')
                .Any(static parameter => parameter.StartsWith("vfs=", StringComparison.OrdinalIgnoreCase));
        return isElsewhere || Path.IsPathRooted(parts[0]) || parts[0].Length == 0
            ? source
            : $"{Scheme}{Escape(Environment.CurrentDirectory)}/{string.Join('?', parts)}";
    }

    private static string InDataDirectory(string source)
    {
        if (AppDomain.CurrentDomain.GetData("DataDirectory") is not string { Length: > 0 } directory)
        {
            return source;
        }

        return source.StartsWith(DataDirectoryMacro, StringComparison.OrdinalIgnoreCase)
            ? Path.Combine(directory, source[DataDirectoryMacro.Length..].TrimStart('/', '\\'))
            : Path.Combine(directory, source);
    }

    private static string Escape(string path) =>
        path.Replace("%", "%25", StringComparison.Ordinal)
            .Replace("?", "%3f", StringComparison.Ordinal)
            .Replace("#", "%23", StringComparison.Ordinal)
            .Replace('\\', '/');
}
