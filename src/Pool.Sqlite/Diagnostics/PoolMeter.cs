using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// The instruments of the process: one meter for all pools, told apart by an attribute. It holds the pools weakly: one
/// that is forgotten can be collected.
/// </summary>
internal static class PoolMeter
{
    public const string Name = "Pool.Sqlite";
    public const string PoolNameAttribute = "db.client.connection.pool.name";

    private static readonly Meter Meter = new(Name, typeof(PoolMeter).Assembly.GetName().Version?.ToString(3));
    private static readonly ConditionalWeakTable<PoolMetrics, object?> Pools = [];

    public static readonly Histogram<double> CreateTime = Seconds(
        "db.client.connection.create_time",
        "The time it took to open a connection."
    );

    public static readonly Histogram<double> WaitTime = Seconds(
        "db.client.connection.wait_time",
        "The time rents waited for a connection to come back; those that did not wait are not in it."
    );

    public static readonly Histogram<double> UseTime = Seconds(
        "db.client.connection.use_time",
        "The time between renting a connection and returning it."
    );

    public static readonly Histogram<double> WriteGateWaitTime = Seconds(
        "pool.sqlite.write_gate.wait_time",
        "The time writes waited for the write gate; those that did not wait are not in it."
    );

    public static readonly Histogram<double> CommitTime = Seconds(
        "pool.sqlite.write.commit_time",
        "The time the COMMIT of a batch took."
    );

    public static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>(
        "pool.sqlite.write.batch_size",
        "{item}",
        "The number of writes that one transaction committed together."
    );

    public static readonly Histogram<double> SyncTime = Seconds(
        "pool.sqlite.sync.time",
        "The time a shared sync of the WAL took."
    );

    public static readonly Histogram<long> SyncCommits = Meter.CreateHistogram<long>(
        "pool.sqlite.sync.commits",
        "{commit}",
        "The number of commits that one shared sync of the WAL made durable."
    );

    static PoolMeter()
    {
        Meter.CreateObservableUpDownCounter(
            "db.client.connection.count",
            static () => Observe(static metrics => metrics.Count()),
            "{connection}",
            "The connections, by state."
        );
        UpDown(
            "db.client.connection.max",
            "{connection}",
            "The most connections that may be open.",
            static s => s.PoolSize + s.MaxOverflow
        );
        UpDown(
            "db.client.connection.idle.max",
            "{connection}",
            "The most connections that are kept idle.",
            static s => s.PoolSize
        );
        Meter.CreateObservableUpDownCounter(
            "db.client.connection.idle.min",
            static () => Observe(static metrics => [metrics.MinIdle()]),
            "{connection}",
            "The idle connections that are kept however long."
        );
        UpDown("db.client.connection.pending_requests", "{request}", "The rents that wait.", static s => s.Waiting);
        Counter("db.client.connection.timeouts", "{timeout}", "The rents that were refused.", static s => s.Timeouts);
        Counter(
            "pool.sqlite.hits",
            "{rent}",
            "The rents served by a connection that was open already.",
            static s => s.Hits
        );
        Counter("pool.sqlite.misses", "{rent}", "The rents that had to open a connection.", static s => s.Misses);
        Counter(
            "pool.sqlite.leaks",
            "{lease}",
            "The leases that were dropped without being disposed.",
            static s => s.Leaks
        );
        Counter(
            "pool.sqlite.recycled",
            "{connection}",
            "The connections that were closed to be replaced.",
            static s => s.Recycled
        );
        Counter(
            "pool.sqlite.open_failures",
            "{failure}",
            "The attempts to open a connection that failed.",
            static s => s.OpenFailures
        );
        Counter(
            "pool.sqlite.statement.hits",
            "{command}",
            "The commands that found their statement prepared.",
            static s => s.StatementHits
        );
        Counter(
            "pool.sqlite.statement.misses",
            "{command}",
            "The commands that had their statement prepared.",
            static s => s.StatementMisses
        );
        Counter(
            "pool.sqlite.sync.failures",
            "{failure}",
            "The shared syncs of the WAL that failed.",
            static s => s.SyncFailures
        );
        UpDown(
            "pool.sqlite.write_gate.pending_requests",
            "{request}",
            "The writes that wait for the write gate.",
            static s => s.WriteGateWaiting
        );
        Meter.CreateObservableGauge(
            "pool.sqlite.wal.size",
            static () => Observe(static metrics => [metrics.WalSize()]),
            "By",
            "The size of the WAL file."
        );
    }

    public static void Add(PoolMetrics pool) => Pools.Add(pool, null);

    public static void Remove(PoolMetrics pool) => Pools.Remove(pool);

    private static Histogram<double> Seconds(string name, string description) =>
        Meter.CreateHistogram<double>(
            name,
            "s",
            description,
            advice: new InstrumentAdvice<double>
            {
                // As OpenTelemetry advises for these, and finer below: a rent that waits here waits for microseconds.
                HistogramBucketBoundaries = [0.00001, 0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
            }
        );

    private static void UpDown(string name, string unit, string description, Func<SqlitePoolStatistics, long> value) =>
        Meter.CreateObservableUpDownCounter(
            name,
            () => Observe(metrics => [metrics.Measure(value)]),
            unit,
            description
        );

    private static void Counter(string name, string unit, string description, Func<SqlitePoolStatistics, long> value) =>
        Meter.CreateObservableCounter(name, () => Observe(metrics => [metrics.Measure(value)]), unit, description);

    private static List<Measurement<long>> Observe(Func<PoolMetrics, IEnumerable<Measurement<long>>> measure) =>
        [.. Pools.SelectMany(pool => measure(pool.Key))];
}
