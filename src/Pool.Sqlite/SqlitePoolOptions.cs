using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>
/// Every setting of a <see cref="SqlitePool"/>. The pool copies and checks them when it is made; later changes do
/// nothing.
/// </summary>
/// <remarks>
/// A time is zero or more, at most a day, or <see cref="Timeout.InfiniteTimeSpan"/>, which turns off what it times.
/// </remarks>
public sealed class SqlitePoolOptions
{
    private int? _poolSize;
    private int? _maxOverflow;

    /// <summary>
    /// The database, as a connection string of Microsoft.Data.Sqlite: <c>Data Source=app.db</c>. Required. The driver's
    /// own pooling is always turned off underneath.
    /// </summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The pool's name in messages and metrics. Default: the file name of the database, or its memory name.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// The number of connections that the pool keeps. Default 10, for a private memory database 1. A connection that
    /// reads costs little, and only one can write at a time: a few more than there are cores is enough for most work.
    /// </summary>
    public int PoolSize
    {
        get => _poolSize ?? 10;
        set => _poolSize = value;
    }

    /// <summary>
    /// The number of connections that may be opened on top while all others are leased. Default 5, for a private memory
    /// database 0. They stay for <see cref="OverflowIdleTimeout"/>, so that a burst does not open files over and over.
    /// </summary>
    public int MaxOverflow
    {
        get => _maxOverflow ?? 5;
        set => _maxOverflow = value;
    }

    /// <summary>
    /// The number of connections that stay open however long they are idle, once the pool has been used. Default 0.
    /// </summary>
    public int MinIdle { get; set; }

    /// <summary>
    /// The limit for a rent: waiting, opening and checking together. Default 30 seconds; zero fails at once when
    /// nothing is free; infinite waits for ever.
    /// </summary>
    public TimeSpan RentTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The number of rents that may wait at once; one more is refused immediately. Default unlimited
    /// (<see cref="int.MaxValue"/>).
    /// </summary>
    public int MaxWaiters { get; set; } = int.MaxValue;

    /// <summary>
    /// The age at which a connection is replaced, less a random part of up to 2.5 %. Default 1 hour.
    /// </summary>
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The idle time after which a connection is closed, down to <see cref="MinIdle"/>. Default 10 minutes.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The idle time after which a connection beyond <see cref="PoolSize"/> is closed. Default 10 seconds; zero
    /// closes it as it comes back.
    /// </summary>
    public TimeSpan OverflowIdleTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The interval at which an idle connection is checked by reading from the file. Default 5 minutes.
    /// </summary>
    public TimeSpan HealthCheckInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The idle time up to which a connection is lent without a check. Default 30 seconds; zero checks whatever
    /// was idle at all when the housekeeper last looked.
    /// </summary>
    public TimeSpan ProbeAfterIdle { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The number of retries of an open that fails for a passing reason (busy, locked, an I/O error), after 10, 20, 40
    /// ms and so on, each less a random part of up to half. Default 3.
    /// </summary>
    public int CreateRetries { get; set; } = 3;

    /// <summary>
    /// The number of prepared statements that each connection keeps, the least recently used going first. Default 256;
    /// 0 keeps none.
    /// </summary>
    public int StatementCacheSize { get; set; } = 256;

    /// <summary>
    /// SQL that is prepared on each new connection, so that its first user finds it in the connection's cache: each
    /// text exactly as it is executed later. Default none; at most <see cref="StatementCacheSize"/>. A text that is no
    /// SQL, or that has a PRAGMA, fails the open and is named in the exception. One that cannot be prepared at that
    /// moment, because its table is not there yet, say, is left out with a warning in the log, and prepared when it is
    /// first used, as without this option.
    /// </summary>
    public IList<string> WarmUpStatements { get; private set; } = [];

    /// <summary>
    /// Notes for each rent where it was made, for the message of a rent that times out, for reports of leases held
    /// too long, and for <see cref="SqlitePool.GetLeases"/>. Default false: it costs some microseconds a rent.
    /// </summary>
    public bool CaptureRentSite { get; set; }

    /// <summary>
    /// The age of a lease at which the log reports it, once, with where it was rented (see
    /// <see cref="CaptureRentSite"/>) and how many wait meanwhile; another line follows if it comes back after all.
    /// Default infinite: off. Each rent then reads the clock.
    /// </summary>
    public TimeSpan LeakThreshold { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// From where on the log says that a rent, the opening of a connection or a write had to wait for long. Default 1
    /// second; infinite says nothing.
    /// </summary>
    public TimeSpan SlowThreshold { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The duration from which on the log warns of a command, with its text and never with a parameter's value: from
    /// its call to its end, or to the end of its reader. Default infinite: off. Each command then reads the clock.
    /// </summary>
    public TimeSpan SlowCommandThreshold { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// The limit for which a close of the pool waits for the writes that its queue has accepted, and
    /// <see cref="IAsyncDisposable.DisposeAsync"/> for leases that are still out. Default 30 seconds.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether commits that must survive a power failure share their syncs of the disk. Default true. It matters where
    /// <see cref="SqlitePragmas.Synchronous"/> (or that of <see cref="Writes"/>) is <see cref="SynchronousMode.Full"/>
    /// in WAL mode on a file: connections then run with <c>synchronous=NORMAL</c>, and a caller is answered once a sync
    /// of the WAL that began after its commit has ended. Another connection may see a commit shortly before it is
    /// durable. False: SQLite syncs each commit by itself.
    /// </summary>
    public bool GroupCommit { get; set; } = true;

    /// <summary>
    /// Whether the database may come from outside, so that what its schema says is not trusted. Default false. True
    /// turns on what SQLite advises for such files on every connection: <c>trusted_schema=OFF</c> (views, triggers and
    /// the like cannot call functions and virtual tables of the application that are not declared innocuous), defensive
    /// mode (no statement can write to the schema table or to shadow tables, or turn the journal off),
    /// <c>cell_size_check=ON</c>, and <c>mmap_size=0</c> whatever <see cref="SqlitePragmas.MmapSizeBytes"/> says.
    /// </summary>
    public bool Untrusted { get; set; }

    /// <summary>The PRAGMAs of every connection.</summary>
    public SqlitePragmas Pragmas { get; private set; } = new();

    /// <summary>The settings of the write queue, <see cref="SqlitePool.Writes"/>.</summary>
    public SqlitePoolWriteQueueOptions Writes { get; private set; } = new();

    /// <summary>From where on the pool's health is a warning, or critical.</summary>
    public SqlitePoolHealthOptions Health { get; private set; } = new();

    /// <summary>
    /// Called with each connection after it was opened and has its PRAGMAs: the place to register functions and
    /// collations, load extensions and attach databases. What it sets up belongs to the connection and stays. An
    /// exception fails the open.
    /// </summary>
    public Action<SqliteConnection>? ConnectionOpened { get; set; }

    /// <summary>
    /// Called each time before a connection is lent. False, or an exception, retires it, and another is taken.
    /// (That of a private memory database stays, and is asked for again until RentTimeout has passed.)
    /// </summary>
    public Func<SqliteConnection, bool>? Renting { get; set; }

    /// <summary>
    /// Called each time a connection has come back and is clean. False, or an exception, retires it, unless it is
    /// that of a private memory database.
    /// </summary>
    public Func<SqliteConnection, bool>? Returning { get; set; }

    internal bool HasOwnSize => _poolSize is not null;

    internal bool HasOwnOverflow => _maxOverflow is not null;

    // What a configuration says that cannot be taken: reported with everything else that is wrong.
    internal List<string> Misread { get; private set; } = [];

    internal SqlitePoolOptions Clone()
    {
        SqlitePoolOptions copy = (SqlitePoolOptions)MemberwiseClone();
        copy.Pragmas = Pragmas.Clone();
        copy.Writes = Writes.Clone();
        copy.Health = Health.Clone();
        copy.WarmUpStatements = [.. WarmUpStatements];
        copy.Misread = [.. Misread];
        return copy;
    }
}
