using System.Data.Common;

namespace Pool.Sqlite.Configuration;

/// <summary>
/// A connection string may carry the pool's settings beside the driver's: <c>Data Source=app.db;Pool Size=20</c>. Here
/// the two are told apart.
/// </summary>
internal static class ConnectionStringKeys
{
    private static readonly PoolKey[] All =
    [
        PoolKey.Text("Pool Name", static o => o.Name, static (o, v) => o.Name = v),
        PoolKey.Number("Pool Size", static o => o.PoolSize, static (o, v) => o.PoolSize = v),
        PoolKey.Number("Max Overflow", static o => o.MaxOverflow, static (o, v) => o.MaxOverflow = v),
        PoolKey.Number("Min Idle", static o => o.MinIdle, static (o, v) => o.MinIdle = v),
        PoolKey.Time("Rent Timeout", static o => o.RentTimeout, static (o, v) => o.RentTimeout = v),
        PoolKey.Number("Max Waiters", static o => o.MaxWaiters, static (o, v) => o.MaxWaiters = v),
        PoolKey.Time("Max Lifetime", static o => o.MaxLifetime, static (o, v) => o.MaxLifetime = v),
        PoolKey.Time("Idle Timeout", static o => o.IdleTimeout, static (o, v) => o.IdleTimeout = v),
        PoolKey.Time(
            "Overflow Idle Timeout",
            static o => o.OverflowIdleTimeout,
            static (o, v) => o.OverflowIdleTimeout = v
        ),
        PoolKey.Time(
            "Health Check Interval",
            static o => o.HealthCheckInterval,
            static (o, v) => o.HealthCheckInterval = v
        ),
        PoolKey.Time("Probe After Idle", static o => o.ProbeAfterIdle, static (o, v) => o.ProbeAfterIdle = v),
        PoolKey.Number("Create Retries", static o => o.CreateRetries, static (o, v) => o.CreateRetries = v),
        PoolKey.Number(
            "Statement Cache Size",
            static o => o.StatementCacheSize,
            static (o, v) => o.StatementCacheSize = v
        ),
        PoolKey.Flag("Capture Rent Site", static o => o.CaptureRentSite, static (o, v) => o.CaptureRentSite = v),
        PoolKey.Time("Leak Threshold", static o => o.LeakThreshold, static (o, v) => o.LeakThreshold = v),
        PoolKey.Time("Slow Threshold", static o => o.SlowThreshold, static (o, v) => o.SlowThreshold = v),
        PoolKey.Time(
            "Slow Command Threshold",
            static o => o.SlowCommandThreshold,
            static (o, v) => o.SlowCommandThreshold = v
        ),
        PoolKey.Time("Shutdown Timeout", static o => o.ShutdownTimeout, static (o, v) => o.ShutdownTimeout = v),
        PoolKey.Flag("Group Commit", static o => o.GroupCommit, static (o, v) => o.GroupCommit = v),
        PoolKey.Flag("Untrusted", static o => o.Untrusted, static (o, v) => o.Untrusted = v),
        PoolKey.Word("Journal Mode", static o => o.Pragmas.JournalMode, static (o, v) => o.Pragmas.JournalMode = v),
        PoolKey.Word("Synchronous", static o => o.Pragmas.Synchronous, static (o, v) => o.Pragmas.Synchronous = v),
        PoolKey.Word("Temp Store", static o => o.Pragmas.TempStore, static (o, v) => o.Pragmas.TempStore = v),
        PoolKey.Time("Busy Timeout", static o => o.Pragmas.BusyTimeout, static (o, v) => o.Pragmas.BusyTimeout = v),
        PoolKey.Number(
            "Cache Size KiB",
            static o => o.Pragmas.CacheSizeKiB,
            static (o, v) => o.Pragmas.CacheSizeKiB = v
        ),
        PoolKey.Bytes(
            "Mmap Size Bytes",
            static o => o.Pragmas.MmapSizeBytes,
            static (o, v) => o.Pragmas.MmapSizeBytes = v
        ),
        PoolKey.Bytes(
            "Journal Size Limit Bytes",
            static o => o.Pragmas.JournalSizeLimitBytes,
            static (o, v) => o.Pragmas.JournalSizeLimitBytes = v
        ),
        PoolKey.Number(
            "WAL Auto Checkpoint Pages",
            static o => o.Pragmas.WalAutoCheckpointPages,
            static (o, v) => o.Pragmas.WalAutoCheckpointPages = v
        ),
        PoolKey.Number("Write Queue Capacity", static o => o.Writes.Capacity, static (o, v) => o.Writes.Capacity = v),
        PoolKey.Number(
            "Write Queue Max Batch Size",
            static o => o.Writes.MaxBatchSize,
            static (o, v) => o.Writes.MaxBatchSize = v
        ),
        PoolKey.Time(
            "Write Queue Max Batch Delay",
            static o => o.Writes.MaxBatchDelay,
            static (o, v) => o.Writes.MaxBatchDelay = v
        ),
        PoolKey.Time(
            "Write Queue Item Timeout",
            static o => o.Writes.ItemTimeout,
            static (o, v) => o.Writes.ItemTimeout = v
        ),
        PoolKey.WordOrNone(
            "Write Queue Synchronous",
            static o => o.Writes.Synchronous,
            static (o, v) => o.Writes.Synchronous = v
        ),
        // The driver knows this one as well, and would be overruled by the pool's PRAGMA a moment later.
        PoolKey.Flag("Foreign Keys", static o => o.Pragmas.ForeignKeys, static (o, v) => o.Pragmas.ForeignKeys = v),
    ];

    private static readonly Dictionary<string, PoolKey> ByLetters = All.ToDictionary(
        static key => NearestWord.Letters(key.Name),
        StringComparer.Ordinal
    );

    /// <summary>The keys, as they are written.</summary>
    public static IEnumerable<string> Names => All.Select(static key => key.Name);

    /// <summary>Splits a connection string into the driver's part and the pool's.</summary>
    /// <param name="connectionString">The string.</param>
    /// <param name="errors">What is wrong with its keys, and with the values of the driver's.</param>
    /// <exception cref="ArgumentException">It is not a connection string.</exception>
    public static (string Driver, string Pool) Split(string connectionString, List<string> errors)
    {
        DbConnectionStringBuilder driver = new() { ConnectionString = connectionString };
        DbConnectionStringBuilder? pool = null;
        List<string>? wrongKeys = null;
        foreach (string key in driver.Keys.Cast<string>().ToArray())
        {
            if (ByLetters.TryGetValue(NearestWord.Letters(key), out PoolKey? poolKey))
            {
                pool ??= [];
                if (pool.ContainsKey(poolKey.Name))
                {
                    (wrongKeys ??= []).Add(
                        $"The key '{poolKey.Name}' is there twice, in two spellings. Leave one out."
                    );
                }

                pool[poolKey.Name] = driver[key];
                driver.Remove(key);
            }
            else if (!DriverKey.IsKnown(key))
            {
                (wrongKeys ??= []).Add(Unknown(key));
            }
            else if (DriverKey.WhyNot(key, driver[key]) is { } problem)
            {
                errors.Add(problem);
            }
        }

        if (wrongKeys is not null)
        {
            errors.Add(NotUnderstood(string.Join(" ", wrongKeys)));
        }

        return (pool is null ? connectionString : driver.ConnectionString, pool?.ConnectionString ?? "");
    }

    /// <summary>What is said of a string that is no connection string, or that has keys which neither knows.</summary>
    public static string NotUnderstood(string why) =>
        $"ConnectionString is not one that the pool and Microsoft.Data.Sqlite understand: {why} Write, for example, "
        + "\"Data Source=app.db\".";

    /// <summary>The pool's part; empty where the string cannot be split.</summary>
    public static string PoolPartOf(string? connectionString)
    {
        try
        {
            return Split(connectionString ?? "", []).Pool;
        }
        catch (ArgumentException)
        {
            return "";
        }
    }

    /// <summary>
    /// Gives the options what the connection string says, where they do not say something else themselves.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="poolPart">The pool's part of the string.</param>
    /// <param name="errors">What is wrong with it.</param>
    public static void Apply(SqlitePoolOptions options, string poolPart, List<string> errors)
    {
        if (poolPart.Length > 0)
        {
            DbConnectionStringBuilder pool = new() { ConnectionString = poolPart };
            errors.AddRange(
                pool.Keys.Cast<string>()
                    .Select(key => ByLetters[NearestWord.Letters(key)].Apply(options, (string)pool[key]))
                    .OfType<string>()
            );
        }
    }

    private static string Unknown(string key)
    {
        string[] drivers = [.. DriverKey.Names.Except(Names, StringComparer.OrdinalIgnoreCase)];
        return NearestWord.Find(key, [.. drivers, "Filename", "Command Timeout", .. Names]) is { } nearest
            ? $"The key '{key}' is unknown. Did you mean '{nearest}'?"
            : $"The key '{key}' is unknown. The driver knows: {string.Join(", ", drivers)}; the pool: {string.Join(", ", Names)}.";
    }
}
