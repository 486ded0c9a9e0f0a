namespace Pool.Sqlite.Sessions;

/// <summary>A data source that is a URI, as SQLite reads it: <c>file:app.db?mode=ro</c>.</summary>
internal static class FileUri
{
    public static bool Is(string source) => source.StartsWith("file:", StringComparison.OrdinalIgnoreCase);

    /// <summary>True when it has a parameter, such as <c>mode=ro</c>.</summary>
    public static bool Has(string source, string parameter) =>
        Parameters(source).Contains(parameter, StringComparer.OrdinalIgnoreCase);

    public static string[] Parameters(string source) =>
        Is(source) && source.Split('?', 2) is [_, string query] ? query.Split('&') : [];
}
