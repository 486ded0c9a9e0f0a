namespace Pool.Sqlite.Tool.Copying;

/// <summary>
/// The PostgreSQL type for a column by its declared type, by SQLite's own rules where no name is more telling.
/// </summary>
internal static class TypeMapping
{
    // The first that the declared type contains decides.
    private static readonly (string Word, string Type)[] Words =
    [
        ("BOOL", "boolean"),
        ("INTERVAL", "text"),
        ("INT", "bigint"),
        ("UUID", "uuid"),
        ("GUID", "uuid"),
        ("UNIQUEIDENTIFIER", "uuid"),
        ("JSON", "json"),
        ("CHAR", "text"),
        ("CLOB", "text"),
        ("TEXT", "text"),
        ("STRING", "text"),
        ("BLOB", "bytea"),
        ("BINARY", "bytea"),
        ("REAL", "double precision"),
        ("FLOA", "double precision"),
        ("DOUB", "double precision"),
        ("DATETIMEOFFSET", "timestamp with time zone"),
        ("TIMESTAMPTZ", "timestamp with time zone"),
        ("TIMESTAMP WITH TIME", "timestamp with time zone"),
        ("DATETIME", "timestamp without time zone"),
        ("TIMESTAMP", "timestamp without time zone"),
        ("DATE", "date"),
        ("TIME", "time without time zone"),
        ("DEC", "numeric"),
        ("NUM", "numeric"),
        ("MONEY", "numeric"),
    ];

    /// <summary>Null when the declared type says nothing: there is none, or an unknown one.</summary>
    public static string? For(string declaredType)
    {
        string upper = declaredType.ToUpperInvariant();
        return Array.Find(Words, word => upper.Contains(word.Word, StringComparison.Ordinal)).Type;
    }

    /// <summary>
    /// The type for a column that declares none, by the kinds of values in it; null when they are mixed.
    /// </summary>
    public static string? ForValues(IReadOnlyCollection<string> kinds) =>
        kinds.Order(StringComparer.Ordinal).ToArray() switch
        {
            [] or ["text"] => "text",
            ["integer"] => "bigint",
            ["real"] or ["integer", "real"] => "double precision",
            ["blob"] => "bytea",
            _ => null,
        };
}
