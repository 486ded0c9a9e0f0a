using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite;

/// <summary>
/// The PRAGMAs that every connection of a pool has: applied once when a connection is opened, read back, and put right
/// again when a lease has changed them.
/// </summary>
/// <remarks>See <see href="https://www.sqlite.org/pragma.html"/> for what each means to SQLite.</remarks>
public sealed class SqlitePragmas
{
    /// <summary>
    /// The means by which SQLite keeps a transaction atomic. Default <see cref="JournalMode.Wal"/>: readers and the
    /// writer do not block each other. It belongs to the database file, so it is set by the first connection. Not
    /// applied to memory databases, nor when the connection string says <c>Mode=ReadOnly</c>.
    /// </summary>
    public JournalMode JournalMode { get; set; } = JournalMode.Wal;

    /// <summary>
    /// When SQLite waits for the disk. Default <see cref="SynchronousMode.Normal"/>: with WAL a power failure can
    /// take the last commits but never damages the database, and a crash of the process takes nothing.
    /// </summary>
    public SynchronousMode Synchronous { get; set; } = SynchronousMode.Normal;

    /// <summary>Where SQLite keeps temporary tables and indices. Default <see cref="TempStore.Memory"/>.</summary>
    public TempStore TempStore { get; set; } = TempStore.Memory;

    /// <summary>
    /// The limit for waiting for a lock that another connection holds. Default 30 seconds, as the driver's own command
    /// timeout; zero fails at once. Whole milliseconds, up to a day.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Enforces foreign keys. Default true; SQLite's own default is false.</summary>
    public bool ForeignKeys { get; set; } = true;

    /// <summary>The page cache of one connection, in KiB. Default 16,000; SQLite's own default is 2,000.</summary>
    public int CacheSizeKiB { get; set; } = 16_000;

    /// <summary>
    /// The part of the file that each connection reads through a memory map, in bytes. Default 256 MiB; zero turns it
    /// off, which is advisable where another process may truncate the file. At most 2,147,418,112, SQLite's own bound.
    /// Not applied to memory databases.
    /// </summary>
    public long MmapSizeBytes { get; set; } = 268_435_456;

    /// <summary>
    /// The size that the journal or the WAL is cut back to after a checkpoint, in bytes. Default 64 MiB; -1 for no
    /// limit.
    /// </summary>
    public long JournalSizeLimitBytes { get; set; } = 67_108_864;

    /// <summary>
    /// After how many pages in the WAL a commit also runs a checkpoint. Default 1,000, as SQLite's own; zero for
    /// never, for when something else checkpoints (Litestream).
    /// </summary>
    public int WalAutoCheckpointPages { get; set; } = 1_000;

    /// <summary>
    /// Any other PRAGMA, by name: <c>Additional["secure_delete"] = "1"</c>. A name is letters, digits and underscores;
    /// a value is a number or one word. One that SQLite does not know, or does not read back as the value given, is an
    /// error when a connection is opened.
    /// </summary>
    public IDictionary<string, string> Additional { get; private set; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    internal SqlitePragmas Clone()
    {
        SqlitePragmas copy = (SqlitePragmas)MemberwiseClone();
        copy.Additional = new Dictionary<string, string>(Additional, StringComparer.OrdinalIgnoreCase);
        return copy;
    }
}

/// <summary>Values of <c>PRAGMA journal_mode</c>.</summary>
public enum JournalMode
{
    /// <summary>A rollback journal, deleted at the end of each transaction.</summary>
    Delete,

    /// <summary>A rollback journal, truncated at the end of each transaction.</summary>
    Truncate,

    /// <summary>A rollback journal, its header overwritten at the end of each transaction.</summary>
    Persist,

    /// <summary>A rollback journal in memory: a crash in the middle of a transaction damages the database.</summary>
    Memory,

    /// <summary>A write-ahead log: readers and the writer do not block each other.</summary>
    Wal,

    /// <summary>No journal: no rollback, and a crash in the middle of a transaction damages the database.</summary>
    Off,
}

/// <summary>Values of <c>PRAGMA synchronous</c>.</summary>
public enum SynchronousMode
{
    /// <summary>Never waits for the disk: a power failure can damage the database.</summary>
    Off,

    /// <summary>Waits at the critical moments: with WAL, a power failure can take the last commits.</summary>
    Normal,

    /// <summary>Waits at each commit: what is committed survives a power failure.</summary>
    Full,

    /// <summary>As <see cref="Full"/>, and also waits for the directory of a deleted journal.</summary>
    Extra,
}

/// <summary>Values of <c>PRAGMA temp_store</c>.</summary>
public enum TempStore
{
    /// <summary>As SQLite was compiled.</summary>
    Default,

    /// <summary>In a file.</summary>
    File,

    /// <summary>In memory.</summary>
    Memory,
}
