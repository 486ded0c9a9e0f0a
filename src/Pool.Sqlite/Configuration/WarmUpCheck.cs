namespace Pool.Sqlite.Configuration;

/// <summary>Checks <see cref="SqlitePoolOptions.WarmUpStatements"/> as far as that needs no database.</summary>
internal static class WarmUpCheck
{
    public static void Find(SqlitePoolOptions options, List<string> errors)
    {
        int count = options.WarmUpStatements.Count;
        if (count > options.StatementCacheSize)
        {
            errors.Add(
                $"WarmUpStatements has {count} statements, and StatementCacheSize is {options.StatementCacheSize}. "
                    + "Allowed: no more than the cache keeps."
            );
        }

        for (int i = 0; i < count; i++)
        {
            if (string.IsNullOrWhiteSpace(options.WarmUpStatements[i]))
            {
                errors.Add($"WarmUpStatements[{i}] is empty. Allowed: SQL as it is executed later.");
            }
        }
    }
}
