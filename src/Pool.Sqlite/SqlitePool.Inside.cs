using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <content>Looking inside.</content>
public sealed partial class SqlitePool
{
    private readonly PoolMetrics _metrics;
    private readonly PoolTracing _tracing;
    private readonly PoolInspector _inspector;

    /// <summary>What is out on loan at this moment, the longest first.</summary>
    public IReadOnlyList<SqlitePoolLease> GetLeases() => [.. Look().Select(static look => look.Lease)];

    /// <summary>
    /// How the pool is, why, and what would help. Status and reasons are judged by the last minute, advice by the last
    /// five; the database itself is not touched.
    /// </summary>
    public SqlitePoolHealth GetHealth()
    {
        PoolSample now = _inspector.Sample();
        HealthInput view = new()
        {
            Statistics = now.Statistics,
            IsClosed = _leases.IsClosed,
            NothingIsOpen = _all.All(static pool => pool.Count().Open == 0),
            Minute = _inspector.Since(Thresholds.HealthWindow, now),
            Recent = _inspector.Since(PoolHistory.Length, now),
            Leases = Look(),
            LongLease = _options.LeakThreshold == Timeout.InfiniteTimeSpan ? Thresholds.LongLease : _options.LeakThreshold,
            WalBytes = _source.Figures.WalBytes,
            WalLimit = _options.Pragmas.JournalSizeLimitBytes,
            WalCheckpoint = _options.Pragmas.WalAutoCheckpointPages * Thresholds.PageSize,
            FullestCache = now.Cache.Fullest,
            CacheSizeKiB = _options.Pragmas.CacheSizeKiB,
            Engine = EngineVersion.Current,
        };
        (SqlitePoolStatus status, IReadOnlyList<string> reasons) = HealthJudge.Judge(view);
        return new SqlitePoolHealth
        {
            Status = status,
            Utilization = view.Utilization,
            Reasons = reasons,
            Advice = Advice.For(view),
            EngineVersion = view.Engine.ToString(),
            WalBytes = view.WalBytes,
            Statistics = view.Statistics,
        };
    }

    internal PoolInspector Inspector => _inspector;

    private LeaseSnapshot[] Look() =>
    [
        .. _all.SelectMany(static pool => pool.Leased())
            .Where(lease => !IsOnItsWay(lease.Item))
            .Select(lease => LookAt(lease.Item, lease.Held))
            .OrderByDescending(static look => look.Lease.Age),
    ];

    // A writer connection while whoever is to have it still waits for the write gate.
    private bool IsOnItsWay(PoolEntry<PhysicalConnection> item) => IsWriter(item) && !item.Value.HoldsGate;

    private bool IsWriter(PoolEntry<PhysicalConnection> item) =>
        _writers != _leases && (item.Pool == _writers || item.Pool == _queueWriters);

    private LeaseSnapshot LookAt(PoolEntry<PhysicalConnection> item, TimeSpan held)
    {
        PhysicalConnection connection = item.Value;
        long rent = item.Rents;
        long snapshot = connection.Snapshot;
        return new LeaseSnapshot(
            new SqlitePoolLease
            {
                LeaseId = SqlitePoolConnection.IdOf(item),
                Name = SqlitePoolConnection.NameOf(item),
                Role = connection.KeepsGate || IsWriter(item) ? SqlitePoolConnectionRole.Writer
                    : connection.Notes.IsReader(rent) ? SqlitePoolConnectionRole.Reader
                    : SqlitePoolConnectionRole.ReadWrite,
                Age = HeldFor(item, held),
                RentSite = connection.Notes.SiteOf(rent)?.ToString(),
                Sql = connection.CurrentSql,
                SnapshotAge = snapshot == 0 ? null
                    : connection.Notes.Sight is { } sight && sight.Snapshot == snapshot ? _time.GetElapsedTime(sight.Since)
                    : TimeSpan.Zero,
                HoldsWriteGate = connection.HoldsGate,
            },
            connection.Notes,
            rent,
            snapshot);
    }

    // Where every rent is noted and this one is not yet, it has only just begun.
    private TimeSpan HeldFor(PoolEntry<PhysicalConnection> item, TimeSpan seen) =>
        item.Value.Notes.RentedAt(item.Rents) is { } at ? _time.GetElapsedTime(at)
        : _notesEveryRent ? TimeSpan.Zero
        : seen;

    private static RentSite? SiteOf(PoolEntry<PhysicalConnection> item) => item.Value.Notes.SiteOf(item.Rents);
}
