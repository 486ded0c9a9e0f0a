using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Describes what is out on loan: as a list, and in the messages of rents that are refused.</summary>
internal sealed class LeaseInspector(string name, SqlitePoolOptions options, LeaseRecorder recorder, TimeProvider time)
{
    private LeasePool<PhysicalConnection>? _leases;
    private LeasePool<PhysicalConnection>[] _all = [];
    private LeasePool<PhysicalConnection>[] _writers = [];

    /// <summary>What the pool shares with others, if it does.</summary>
    public OpenBudget<PhysicalConnection>? Budget { get; init; }

    /// <summary>Names the pools.</summary>
    /// <param name="leases">The connections that rents share.</param>
    /// <param name="all">Every pool of the database.</param>
    /// <param name="writers">Those of <paramref name="all"/> whose connections are lent with the write gate.</param>
    public void Attach(
        LeasePool<PhysicalConnection> leases,
        LeasePool<PhysicalConnection>[] all,
        LeasePool<PhysicalConnection>[] writers
    )
    {
        _leases = leases;
        _all = all;
        _writers = writers;
    }

    /// <summary>Every lease, the longest first.</summary>
    public LeaseSnapshot[] Inspect() =>
        [
            .. _all.SelectMany(static pool => pool.Leased())
                .Where(lease => !IsWaitingForGate(lease.Item))
                .Select(lease => Inspect(lease.Item, lease.Held))
                .OrderByDescending(static snapshot => snapshot.Lease.Age),
        ];

    /// <summary>The number of leases that are out, those of the writers' connections included.</summary>
    public int Count => _all.Sum(static pool => pool.Leased().Count());

    /// <summary>Every lease, in a sentence.</summary>
    public string Describe() =>
        string.Join(
            ", ",
            _all.SelectMany(static pool => pool.Leased()).Select(lease => Describe(lease.Item, lease.Held))
        );

    public SqlitePoolTimeoutException Refused(RentRefusal refusal, TimeSpan waited, Exception? cause) =>
        refusal == RentRefusal.TimedOutWaitingForAll
            ? ExclusiveWorkRefused(waited)
            : Refused(WhyRefused(refusal, waited, cause), waited, cause);

    private string WhyRefused(RentRefusal refusal, TimeSpan waited, Exception? cause) =>
        refusal switch
        {
            RentRefusal.TooManyWaiters => $"{options.MaxWaiters} rents are waiting already, which is MaxWaiters.",
            RentRefusal.RejectedByHook =>
                $"The Renting hook refused every connection for {MessageFormat.Seconds(waited)}: it "
                    + (
                        cause is null
                            ? "returned false."
                            : $"threw {cause.GetType().Name}, which is the inner exception."
                    ),
            RentRefusal.RejectedByProbe =>
                $"Every connection failed its health check for {MessageFormat.Seconds(waited)}.",
            RentRefusal.BudgetUsedUp =>
                $"All {Budget?.Size} connections that the set of pools may have open (MaxOpenConnections) were in use for "
                    + $"{MessageFormat.Seconds(waited)}; code that holds one while it rents another needs room for both.",
            RentRefusal.TimedOutOpening => $"A connection could not be opened within {MessageFormat.Seconds(waited)}.",
            _ => $"No connection was free within {MessageFormat.Seconds(waited)}.",
        };

    /// <summary>The exception of a rent that was refused.</summary>
    /// <param name="why">A sentence.</param>
    /// <param name="waited">How long the rent took.</param>
    /// <param name="cause">What was thrown meanwhile, if anything.</param>
    public SqlitePoolTimeoutException Refused(string why, TimeSpan waited, Exception? cause = null)
    {
        LeaseCounts counts = _leases!.Count();
        (PoolEntry<PhysicalConnection> Item, TimeSpan Held)[] leased = LongestFirst(_leases.Leased());
        string longest = leased is [var first, ..] ? $" Out for the longest: {Describe(first.Item, first.Held)}." : "";
        return Refused(why + Stand(counts, counts.InUse) + longest, waited, cause, counts, counts.InUse, leased);
    }

    // It waits for all of them, those of the writers' connections included, and each may be the one.
    private SqlitePoolTimeoutException ExclusiveWorkRefused(TimeSpan waited)
    {
        LeaseCounts counts = _leases!.Count();
        (PoolEntry<PhysicalConnection> Item, TimeSpan Held)[] leased = LongestFirst(
            _all.SelectMany(static pool => pool.Leased())
        );
        string those = string.Join(", ", leased.Select(lease => Describe(lease.Item, lease.Held)));
        string why =
            "Exclusive work, as by RunExclusiveAsync or RestoreAsync, begins when every connection has come back: not all had within "
            + $"{MessageFormat.Seconds(waited)}.{Stand(counts, leased.Length)}{(those.Length > 0 ? $" Still out: {those}." : "")}";
        return Refused(why, waited, null, counts, leased.Length, leased);
    }

    private string Stand(LeaseCounts counts, int inUse) =>
        $" {inUse} are in use (PoolSize {_leases!.Size}, MaxOverflow {_leases.MaxOverflow}), {counts.Waiting} others wait.";

    private (PoolEntry<PhysicalConnection> Item, TimeSpan Held)[] LongestFirst(
        IEnumerable<(PoolEntry<PhysicalConnection> Item, TimeSpan Held)> leased
    ) =>
        [
            .. leased
                .Select(lease => (lease.Item, HeldFor(lease.Item, lease.Held)))
                .OrderByDescending(lease => lease.Item2),
        ];

    private SqlitePoolTimeoutException Refused(
        string message,
        TimeSpan waited,
        Exception? cause,
        LeaseCounts counts,
        int inUse,
        (PoolEntry<PhysicalConnection> Item, TimeSpan Held)[] leased
    )
    {
        return new SqlitePoolTimeoutException($"Pool '{name}': {message}", cause)
        {
            PoolName = name,
            Waited = waited,
            PoolSize = _leases!.Size,
            MaxOverflow = _leases.MaxOverflow,
            InUse = inUse,
            Waiting = counts.Waiting,
            LongestHeld = leased is [var held, ..] ? held.Held : null,
            LongestHeldRentSite = leased is [var site, ..] ? SiteOf(site.Item) : null,
        };
    }

    private LeaseSnapshot Inspect(PoolEntry<PhysicalConnection> entry, TimeSpan held)
    {
        PhysicalConnection connection = entry.Value;
        long rent = entry.Rents;
        long snapshot = connection.Activity.Snapshot;
        return new LeaseSnapshot(
            new SqlitePoolLease
            {
                LeaseId = entry.LeaseId,
                Name = entry.LeaseName,
                Role =
                    connection.Writes.KeepsGate || IsWriter(entry) ? SqlitePoolConnectionRole.Writer
                    : connection.Notes.IsReader(rent) ? SqlitePoolConnectionRole.Reader
                    : SqlitePoolConnectionRole.ReadWrite,
                Age = HeldFor(entry, held),
                RentSite = SiteOf(entry),
                Sql = connection.Activity.CurrentSql,
                SnapshotAge =
                    snapshot == 0 ? null
                    : connection.Notes.Sight is { } sight && sight.Snapshot == snapshot
                        ? time.GetElapsedTime(sight.Since)
                    : TimeSpan.Zero,
                HoldsWriteGate = connection.HoldsGate,
            },
            connection.Notes,
            rent,
            snapshot
        );
    }

    // A writer connection is taken from its pool before the gate: until then it is no lease.
    private bool IsWaitingForGate(PoolEntry<PhysicalConnection> entry) => IsWriter(entry) && !entry.Value.HoldsGate;

    private bool IsWriter(PoolEntry<PhysicalConnection> entry) => Array.IndexOf(_writers, entry.Pool) >= 0;

    // Where every rent is recorded and this one is not yet, it has only just begun.
    private TimeSpan HeldFor(PoolEntry<PhysicalConnection> entry, TimeSpan seen) =>
        entry.Value.Notes.RentedAt(entry.Rents) is { } at ? time.GetElapsedTime(at)
        : recorder.RecordsEveryRent ? TimeSpan.Zero
        : seen;

    private string Describe(PoolEntry<PhysicalConnection> entry, TimeSpan held) =>
        $"lease {entry.LeaseName}, for {MessageFormat.Seconds(HeldFor(entry, held))}{MessageFormat.Site(SiteOf(entry))}";

    private static string? SiteOf(PoolEntry<PhysicalConnection> entry) =>
        entry.Value.Notes.SiteOf(entry.Rents)?.ToString();
}
