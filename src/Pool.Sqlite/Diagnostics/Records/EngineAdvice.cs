namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Faults of the engine that a newer one mends.</summary>
internal static class EngineAdvice
{
    public static IEnumerable<SqlitePoolAdvice> For(EngineVersion engine)
    {
        if (engine.HasWalResetBug)
        {
            yield return new SqlitePoolAdvice(
                "engine-wal-reset",
                "Take SQLite 3.51.3 or later (or 3.50.7, or 3.44.6). Until then let no second process write to the database: "
                    + "a checkpoint there that overlaps a commit here can lose what was committed. One process alone is safe behind the write gate.",
                $"The engine is SQLite {engine}; the fault is in 3.7.0 to 3.51.2."
            )
            {
                Severity = SqlitePoolAdviceSeverity.Critical,
            };
        }

        if (engine.HasAggregateBug)
        {
            yield return new SqlitePoolAdvice(
                "engine-cve-2025-6965",
                "Take SQLite 3.50.2 or later, above all where SQL comes from outside: an aggregate query can corrupt memory (CVE-2025-6965).",
                $"The engine is SQLite {engine}; the fault is in everything before 3.50.2."
            )
            {
                Severity = SqlitePoolAdviceSeverity.Critical,
            };
        }
    }
}
