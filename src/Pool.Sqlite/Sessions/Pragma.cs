using System.Globalization;

namespace Pool.Sqlite.Sessions;

/// <summary>One PRAGMA with the value to give it and the value it then reads back.</summary>
/// <param name="Name">Checked to be a plain word.</param>
/// <param name="Value">Checked to be a number or a plain word.</param>
/// <param name="ReadsBack">What <c>PRAGMA name</c> answers afterwards.</param>
internal sealed record Pragma(string Name, string Value, string ReadsBack)
{
    // These answer nothing when they are read.
    private static readonly HashSet<string> WriteOnly = new(StringComparer.OrdinalIgnoreCase) { "case_sensitive_like" };

    public const string JournalMode = "journal_mode";

    public const string Synchronous = "synchronous";

    public string Set => $"PRAGMA {Name}={Value}";

    public string Get => $"PRAGMA {Name}";

    public bool IsReadAs(string? answer) => string.Equals(answer, ReadsBack, StringComparison.OrdinalIgnoreCase);

    public bool CanBeRead => !WriteOnly.Contains(Name);

    /// <summary>The PRAGMAs of a pool, in the order in which they must be applied.</summary>
    public static IReadOnlyList<Pragma> List(SqlitePoolOptions pool, DatabaseTarget target)
    {
        SqlitePragmas options = pool.Pragmas;
        // First the busy timeout: what follows may meet another connection's lock. Then the journal mode, which the
        // rest builds upon.
        List<Pragma> pragmas = [Number("busy_timeout", (long)options.BusyTimeout.TotalMilliseconds)];
        bool inFile = target.Kind == DatabaseKind.File;
        if (inFile && !target.IsReadOnly)
        {
            string mode = options.JournalMode.ToString();
            pragmas.Add(new Pragma(JournalMode, mode.ToUpperInvariant(), mode));
        }

        SynchronousMode synchronous = Durability.IsGrouped(pool, target) ? SynchronousMode.Normal : options.Synchronous;
        pragmas.Add(Number(Synchronous, (int)synchronous));
        pragmas.Add(Number("foreign_keys", options.ForeignKeys ? 1 : 0));
        pragmas.Add(Number("cache_size", -options.CacheSizeKiB));
        pragmas.Add(Number("temp_store", (int)options.TempStore));
        pragmas.Add(Number("journal_size_limit", options.JournalSizeLimitBytes));
        pragmas.Add(Number("wal_autocheckpoint", options.WalAutoCheckpointPages));
        if (inFile)
        {
            pragmas.Add(Number("mmap_size", options.MmapSizeBytes));
        }

        pragmas.AddRange(options.Additional.Select(pair => new Pragma(pair.Key, pair.Value, AsRead(pair.Value))));
        return pragmas;
    }

    private static Pragma Number(string name, long value)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        return new Pragma(name, text, text);
    }

    // SQLite takes these words for switches and reads them back as numbers.
    private static string AsRead(string value) => value.ToUpperInvariant() switch
    {
        "ON" or "TRUE" or "YES" => "1",
        "OFF" or "FALSE" or "NO" => "0",
        _ => value,
    };
}
