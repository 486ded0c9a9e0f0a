namespace Pool.Sqlite.Diagnostics;

/// <summary>Recommendations for a pool: each rule applies only when the figures show it, and quotes them.</summary>
internal static class Advice
{
    public static IReadOnlyList<SqlitePoolAdvice> For(HealthInput view) =>
        [
            .. new[]
            {
                BaseSize(view),
                Reuse(view),
                PoolSize(view),
                GroupCommit(view),
                WriteQueue(view),
                QueueCapacity(view),
                LongLease(view),
                WalPinned(view),
                CacheSize(view),
            }
                .OfType<SqlitePoolAdvice>()
                .Select(static advice => advice with { Severity = SeverityOf(advice.Id) })
                .Concat(EngineAdvice.For(view.Engine))
                .OrderByDescending(static advice => advice.Severity),
        ];

    // Slower than it could be, unless something is waited for, or grows, or can be lost.
    private static SqlitePoolAdviceSeverity SeverityOf(string id) =>
        id switch
        {
            "pool-size" or "long-lease" or "wal-pinned" or "queue-commits" or "queue-capacity" =>
                SqlitePoolAdviceSeverity.Warning,
            _ => SqlitePoolAdviceSeverity.Info,
        };

    private static SqlitePoolAdvice? BaseSize(HealthInput view)
    {
        PoolWindow recent = view.Recent;
        return
            recent.Rents >= Thresholds.FewestRents && recent.ClosedByOverflow >= recent.Rents * Thresholds.FrequentOpens
            ? new SqlitePoolAdvice(
                "base-size",
                MessageFormat.Of(
                    $"Make PoolSize larger than {view.Statistics.PoolSize}, up to {view.Statistics.PeakInUse} (the most that were in use at once), or OverflowIdleTimeout longer: connections beyond it are opened and closed over and over."
                ),
                MessageFormat.Of(
                    $"In the last {MessageFormat.Time(recent.Elapsed)} {MessageFormat.Count(recent.ClosedByOverflow, "connection")} beyond PoolSize {(recent.ClosedByOverflow == 1 ? "was" : "were")} closed again, at {MessageFormat.Count(recent.Rents, "rent")}; {MessageFormat.Percent(recent.HitRatio)} of the rents found one open."
                )
            )
            : null;
    }

    // The other reason for a low hit ratio, which a larger base does not cure.
    private static SqlitePoolAdvice? Reuse(HealthInput view)
    {
        PoolWindow recent = view.Recent;
        return recent.Rents >= Thresholds.FewestRents && recent.NotReused >= recent.Rents * Thresholds.FrequentOpens
            ? new SqlitePoolAdvice(
                "reuse",
                "Register functions and collations, attach databases and make temp tables in ConnectionOpened, and call Retire only "
                    + "where it is needed: what a lease leaves behind that cannot be put right costs its connection.",
                MessageFormat.Of(
                    $"In the last {MessageFormat.Time(recent.Elapsed)} {MessageFormat.Count(recent.NotReused, "connection was", "connections were")} not used again after {(recent.NotReused == 1 ? "its" : "their")} lease, at {MessageFormat.Count(recent.Rents, "rent")}; {MessageFormat.Percent(recent.HitRatio)} of the rents found one open."
                )
            )
            : null;
    }

    private static SqlitePoolAdvice? PoolSize(HealthInput view)
    {
        PoolWindow recent = view.Recent;
        Waits waits = recent.Waits;
        if (
            waits.Count < Thresholds.FewestWaits
            || waits.Mean < Thresholds.LongWait
            || recent.CpuShare > Thresholds.IdleCpu
        )
        {
            return null;
        }

        // What is out is itself waiting to write: with more connections, more would wait there.
        if (recent.WriteGateWaits.Total >= waits.Total / 2)
        {
            return null;
        }

        return new SqlitePoolAdvice(
            "pool-size",
            MessageFormat.Of(
                $"Make PoolSize larger than {view.Statistics.PoolSize} (with MaxOverflow {view.Statistics.MaxOverflow}), or hold leases for a shorter time: rents wait, and this process leaves most of the processors' time unused. (Other processes may use it: look at the machine's load first.)"
            ),
            MessageFormat.Of(
                $"In the last {MessageFormat.Time(recent.Elapsed)} {MessageFormat.Count(waits.Count, "rent")} had to wait, {MessageFormat.Time(waits.Mean)} on average, and the process used {MessageFormat.Percent(recent.CpuShare)} of {MessageFormat.Count(Environment.ProcessorCount, "processor")}."
            )
        );
    }

    private static SqlitePoolAdvice? WriteQueue(HealthInput view) =>
        DescribeWaitingWrites(view.Recent) is { } evidence
            ? new SqlitePoolAdvice(
                "write-queue",
                "Send small writes through the write queue (SqlitePool.Writes), which commits together what has queued up, or put more "
                    + "rows into one WriteAsync or ExecuteManyAsync; and keep transactions short: writes wait for each other.",
                evidence
            )
            : null;

    private static SqlitePoolAdvice? GroupCommit(HealthInput view) =>
        view.LacksGroupCommit && DescribeWaitingWrites(view.Recent) is { } evidence
            ? new SqlitePoolAdvice(
                "group-commit",
                "Turn GroupCommit on: with Pragmas.Synchronous = Full each commit waits for the disk alone and keeps the others waiting, "
                    + "which then share one sync. Or set Pragmas.Synchronous to Normal where a power failure may take the last commits: the "
                    + "database stays intact, and a crash of the process takes nothing.",
                evidence
            )
            : null;

    // Null while few do.
    private static string? DescribeWaitingWrites(PoolWindow recent)
    {
        Waits waits = recent.WriteGateWaits;
        double waiting = recent.Elapsed > TimeSpan.Zero ? waits.Total / recent.Elapsed : 0;
        return waits.Count >= Thresholds.FewestWaits && waiting >= Thresholds.WritersWaiting
            ? MessageFormat.Of(
                $"In the last {MessageFormat.Time(recent.Elapsed)} {MessageFormat.Count(waits.Count, "write")} had to wait for the write gate, {MessageFormat.Time(waits.Mean)} each: {waiting:0.##} at any moment."
            )
            : null;
    }

    private static SqlitePoolAdvice? QueueCapacity(HealthInput view)
    {
        PoolWindow recent = view.Recent;
        bool waitsLong =
            recent.RoomWaits.Count >= Thresholds.FewestWaits && recent.RoomWaits.Mean >= Thresholds.LongWait;
        if (view.IsClosed || (recent.PostsRefused < Thresholds.FewestWaits && !waitsLong))
        {
            return null;
        }

        string evidence = MessageFormat.Of(
            $"Of the write queue, {view.DescribeFullQueue(recent)}; {MessageFormat.Count(recent.Commits.Count, "batch", "batches")} took {MessageFormat.Time(recent.Commits.Mean)} each for their COMMIT."
        );
        return recent.Commits.Mean >= Thresholds.SlowCommit
            ? new SqlitePoolAdvice(
                "queue-commits",
                "See what keeps the disk busy, or which other process reads while this one commits; set Writes.Synchronous to Normal "
                    + "where it is Full and the last commits may be lost in a power failure: the commits of the write queue are slow, and "
                    + "more room would only make writes wait there.",
                evidence
            )
            : new SqlitePoolAdvice(
                "queue-capacity",
                MessageFormat.Of(
                    $"Make Writes.Capacity larger than {view.Statistics.Writes.Capacity} when writes come in bursts. When they never stop, more come than can be written: keep the functions short, or put more rows into each."
                ),
                evidence
            );
    }

    private static SqlitePoolAdvice? LongLease(HealthInput view)
    {
        SqlitePoolLease[] held =
        [
            .. view.Leases.Select(static look => look.Lease).Where(lease => lease.Age >= view.LongLease),
        ];
        return held.Length > 0
            ? new SqlitePoolAdvice(
                "long-lease",
                "Return leases when their work is done (a using block does); what takes minutes should rent again for each step.",
                MessageFormat.Of(
                    $"{held.Length} of {MessageFormat.Count(view.Statistics.InUse, "lease")} {(held.Length == 1 ? "is" : "are")} out for more than {MessageFormat.Time(view.LongLease)}, while {MessageFormat.Count(view.Statistics.Waiting, "rent waits", "rents wait")}; the longest: {MessageFormat.Lease(held[0])}."
                )
            )
            : null;
    }

    private static SqlitePoolAdvice? WalPinned(HealthInput view)
    {
        LeaseSnapshot? oldest = view
            .Leases.Where(static look => look.Lease.SnapshotAge >= Thresholds.LongSnapshot)
            .MaxBy(static look => look.Lease.SnapshotAge);
        long growth = oldest?.WalGrowth(view.WalBytes) ?? 0;
        return growth >= Thresholds.LargeWal
            ? new SqlitePoolAdvice(
                "wal-pinned",
                $"End the transaction, or close the reader, of lease {oldest!.Lease.Name}: as long as it reads from an old state of the "
                    + "database, the WAL cannot be reset and only grows. Read in shorter pieces.",
                $"The WAL has {MessageFormat.Bytes(view.WalBytes)} and grew by {MessageFormat.Bytes(growth)} in the {MessageFormat.Time(oldest.Lease.SnapshotAge!.Value)} for which "
                    + $"the lease has read from one state: {MessageFormat.Lease(oldest.Lease)}."
            )
            : null;
    }

    private static SqlitePoolAdvice? CacheSize(HealthInput view)
    {
        PoolWindow recent = view.Recent;
        double share = (double)recent.CacheMisses / Math.Max(1, recent.CacheHits + recent.CacheMisses);
        return
            recent.CacheMisses >= Thresholds.FewestCacheMisses
            && share >= Thresholds.FrequentCacheMisses
            && view.FullestCache >= Thresholds.FullCache
            ? new SqlitePoolAdvice(
                "cache-size",
                MessageFormat.Of(
                    $"Make Pragmas.CacheSizeKiB larger than {view.CacheSizeKiB}, or Pragmas.MmapSizeBytes as large as the database: pages are read from the file over and over."
                ),
                MessageFormat.Of(
                    $"In the last {MessageFormat.Time(recent.Elapsed)} {recent.CacheMisses} of {recent.CacheHits + recent.CacheMisses} pages ({MessageFormat.Percent(share)}) were not in the cache of their connection, which is {MessageFormat.Percent(view.FullestCache)} full."
                )
            )
            : null;
    }
}
