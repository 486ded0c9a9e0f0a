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

    // These are written into the file when it is made, and mean nothing to one that exists.
    private static readonly HashSet<string> OfTheFile = new(StringComparer.OrdinalIgnoreCase)
    {
        "page_size",
        "auto_vacuum",
        "encoding",
    };

    public const string JournalMode = "journal_mode";

    public string Set =>
        char.IsAsciiLetter(Value[0]) && Value.Contains('-', StringComparison.Ordinal)
            ? $"PRAGMA {Name}='{Value}'"
            : $"PRAGMA {Name}={Value}";

    /// <summary>True for the one that takes only before anything is read, and does nothing later.</summary>
    public bool IsEncoding => string.Equals(Name, "encoding", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for one that fixes the format of the file: it takes only while that is empty.</summary>
    public bool FixesFormat => OfTheFile.Contains(Name);

    public const string Synchronous = "synchronous";

    public const string TempStore = "temp_store";

    /// <summary>
    /// Those that the pool does not set, that say what they are, and that can be given back the value they had.
    /// </summary>
    public static readonly string[] Restorable =
    [
        "recursive_triggers",
        "query_only",
        "read_uncommitted",
        "defer_foreign_keys",
        "ignore_check_constraints",
        "reverse_unordered_selects",
        "legacy_alter_table",
        "cell_size_check",
        "analysis_limit",
        "automatic_index",
        "trusted_schema",
        "fullfsync",
        "checkpoint_fullfsync",
        "threads",
        "secure_delete",
    ];

    public string Get => $"PRAGMA {Name}";

    public bool IsReadAs(string? answer) => string.Equals(answer, ReadsBack, StringComparison.OrdinalIgnoreCase);

    public bool CanBeRead => !WriteOnly.Contains(Name);

    /// <summary>The PRAGMAs of a pool, in the order in which they must be applied.</summary>
    public static IReadOnlyList<Pragma> List(SqlitePoolOptions pool, DatabaseTarget target)
    {
        SqlitePragmas options = pool.Pragmas;

        // First the busy timeout: the others may meet another connection's lock. Then the format of the file, which the
        // journal mode writes into it. Then the journal mode, which the rest builds upon.
        List<Pragma> pragmas =
        [
            Number("busy_timeout", (long)options.BusyTimeout.TotalMilliseconds),
            .. pool.Untrusted ? Hardening.Pragmas : [],
        ];
        List<Pragma> additional =
        [
            .. options.Additional.Select(pair => new Pragma(pair.Key, pair.Value, AsRead(pair.Key, pair.Value))),
        ];
        pragmas.AddRange(
            additional.Where(static pragma => pragma.FixesFormat).OrderByDescending(static pragma => pragma.IsEncoding)
        );
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
            pragmas.Add(Number("mmap_size", pool.Untrusted ? 0 : options.MmapSizeBytes));
        }

        pragmas.AddRange(additional.Where(static pragma => !pragma.FixesFormat));
        return pragmas;
    }

    /// <summary>True when a text in a statement is certain to mean the value that this has.</summary>
    public bool IsSetTo(string? text) =>
        IsReadAs(text)
            // It reads as 2 for "fast", which only the word sets.
            ? !string.Equals(Name, "secure_delete", StringComparison.OrdinalIgnoreCase)
            : Name is Synchronous or TempStore or "foreign_keys" && text is not null && IsReadAs(AsRead(Name, text));

    private static Pragma Number(string name, long value)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        return new Pragma(name, text, text);
    }

    // SQLite reads its words for switches, modes and encodings back in one spelling.
    private static string AsRead(string name, string value) =>
        (name.ToUpperInvariant(), value.ToUpperInvariant()) switch
        {
            ("SYNCHRONOUS", "NORMAL") => "1",
            ("SYNCHRONOUS", "FULL") => "2",
            ("SYNCHRONOUS", "EXTRA") => "3",
            ("TEMP_STORE", "DEFAULT") => "0",
            ("TEMP_STORE", "FILE") => "1",
            ("TEMP_STORE", "MEMORY") => "2",
            ("AUTO_VACUUM", "NONE") => "0",
            ("AUTO_VACUUM", "FULL") => "1",
            ("AUTO_VACUUM", "INCREMENTAL") => "2",
            ("ENCODING", "UTF8" or "UTF-8") => "UTF-8",
            ("ENCODING", "UTF16" or "UTF-16") => BitConverter.IsLittleEndian ? "UTF-16le" : "UTF-16be",
            ("ENCODING", "UTF16LE") => "UTF-16le",
            ("ENCODING", "UTF16BE") => "UTF-16be",
            (_, "ON" or "TRUE" or "YES") => "1",
            (_, "OFF" or "FALSE" or "NO") => "0",
            _ => value,
        };
}
