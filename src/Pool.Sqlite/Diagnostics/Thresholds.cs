namespace Pool.Sqlite.Diagnostics;

/// <summary>From where on something is said of a pool, each number with its reason.</summary>
internal static class Thresholds
{
    /// <summary>
    /// A request is not answered after minutes: a lease that is out for so long was probably forgotten.
    /// </summary>
    public static readonly TimeSpan LongLease = TimeSpan.FromMinutes(2);

    /// <summary>A WAL is checkpointed at about 4 MB; four times that is no accident any more.</summary>
    public const long LargeWal = 16 << 20;

    /// <summary>The default size of SQLite's pages, in bytes, unless a database was made with others.</summary>
    public const long PageSize = 4096;

    /// <summary>
    /// Where no <c>journal_size_limit</c> is set there is nothing to compare a WAL with: then this is large.
    /// </summary>
    public const long LargeWalWithoutLimit = 256 << 20;

    /// <summary>A snapshot that young goes away before anybody has read the advice.</summary>
    public static readonly TimeSpan LongSnapshot = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Below a hundred rents a ratio says little, and a pool that fills up looks like one that is too small.
    /// </summary>
    public const long FewestRents = 100;

    /// <summary>
    /// One rent in twenty opened a connection that could not be kept. Opening costs some 500 rents, so that is already
    /// what the pool spends its time on.
    /// </summary>
    public const double FrequentOpens = 0.05;

    /// <summary>Twenty waits are no coincidence.</summary>
    public const long FewestWaits = 20;

    /// <summary>As long as some dozens of statements take: waits that cost more than the work.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// A hard disk answers in some 10 ms; five times that for a COMMIT, and it is the disk, or another process, that
    /// holds up the rest.
    /// </summary>
    public static readonly TimeSpan SlowCommit = TimeSpan.FromMilliseconds(50);

    /// <summary>Half of the processors have nothing to do: more connections have something to run on.</summary>
    public const double IdleCpu = 0.5;

    /// <summary>
    /// One writer in five minutes out of every five is waiting: the gate is the bottleneck, not an accident.
    /// </summary>
    public const double WritersWaiting = 0.2;

    /// <summary>20 MB of 4 KiB pages: enough that filling the cache for the first time does not count.</summary>
    public const long FewestCacheMisses = 5_000;

    /// <summary>One page in five comes from the file.</summary>
    public const double FrequentCacheMisses = 0.2;

    /// <summary>
    /// Where the cache has room left, a larger one changes nothing: then the misses come from writes.
    /// </summary>
    public const double FullCache = 0.9;
}
