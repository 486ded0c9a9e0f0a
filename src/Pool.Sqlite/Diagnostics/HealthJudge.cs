using Pool.Sqlite.Diagnostics.Records;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Judges how a pool is: the worst of what it finds, and a sentence for each.</summary>
/// <remarks>
/// The engine's own faults are advice and not part of the status: they are there from the first to the last day, and a
/// status that is never healthy is ignored. In one process the write gate keeps the worst of them away.
/// </remarks>
internal static class HealthJudge
{
    public static (SqlitePoolStatus Status, IReadOnlyList<string> Reasons) Judge(HealthInput view)
    {
        List<(SqlitePoolStatus Status, string Text)> found =
        [
            .. Closed(view),
            .. Syncs(view),
            .. Use(view),
            .. Failures(view),
            .. Statements(view),
            .. Leaks(view),
            .. Queue(view),
            .. Wal(view),
        ];
        return (
            found.Select(static one => one.Status).DefaultIfEmpty().Max(),
            [.. found.Select(static one => one.Text)]
        );
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Closed(HealthInput view)
    {
        if (view.IsClosed)
        {
            yield return (SqlitePoolStatus.Critical, "The pool is closed.");
        }

        if (view.IsFileMoved)
        {
            yield return (
                SqlitePoolStatus.Critical,
                "The database file was deleted, renamed or replaced while it was open. The next rent opens what is at its path now."
            );
        }

        if (view.WasDatabaseLost)
        {
            yield return (
                SqlitePoolStatus.Critical,
                MessageFormat.Of(
                    $"The memory database was lost in the last {MessageFormat.Time(view.Options.Window)}, since the caller's code closed the driver's connection (SqliteConnection); the next rent begins with an empty one."
                )
            );
        }
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Syncs(HealthInput view)
    {
        if (view.SyncFailure is { } failure)
        {
            yield return (
                SqlitePoolStatus.Critical,
                $"The disk refused to make commits durable; they may not survive a power failure: {failure}"
            );
        }
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Use(HealthInput view)
    {
        if (view.IsLeakSuspected)
        {
            yield return (
                SqlitePoolStatus.Critical,
                MessageFormat.Of(
                    $"{view.Statistics.InUse} of {view.Limit} connections have been in use for {MessageFormat.Time(view.CriticalFor)}, overflow included: a leak is suspected."
                )
            );
        }
        else if (view.Utilization > view.Options.WarningUtilization)
        {
            yield return (
                SqlitePoolStatus.Warning,
                MessageFormat.Of(
                    $"{view.Statistics.InUse} of {view.Limit} connections are in use, {MessageFormat.Count(view.Statistics.Waiting, "rent waits", "rents wait")}."
                )
            );
        }

        if (view.Minute.Timeouts > 0)
        {
            yield return (
                SqlitePoolStatus.Critical,
                MessageFormat.Of(
                    $"{MessageFormat.Count(view.Minute.Timeouts, "rent was", "rents were")} refused in the last {MessageFormat.Time(view.Minute.Elapsed)}: none was free in time."
                )
            );
        }

        Waits waits = view.Minute.Waits;
        if (Waited(view, waits) is { } status)
        {
            yield return (
                status,
                MessageFormat.Of(
                    $"{MessageFormat.Count(waits.Count, "rent")} had to wait in the last {MessageFormat.Time(view.Minute.Elapsed)}, {MessageFormat.Time(waits.Mean)} on average."
                )
            );
        }

        Waits writes = view.Minute.WriteGateWaits;
        if (Waited(view, writes) is { } writeStatus)
        {
            yield return (
                writeStatus,
                MessageFormat.Of(
                    $"{MessageFormat.Count(writes.Count, "write")} had to wait for the write gate in the last {MessageFormat.Time(view.Minute.Elapsed)}, {MessageFormat.Time(writes.Mean)} on average."
                )
            );
        }
    }

    private static SqlitePoolStatus? Waited(HealthInput view, Waits waits) =>
        IsLong(waits, view.Options.WaitThreshold) ? SqlitePoolStatus.Critical
        : IsLong(waits, view.Options.WarningWaitThreshold) ? SqlitePoolStatus.Warning
        : null;

    private static bool IsLong(Waits waits, TimeSpan threshold) =>
        threshold != Timeout.InfiniteTimeSpan && waits.Count > 0 && waits.Mean >= threshold;

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Statements(HealthInput view)
    {
        foreach (StatementFailure failure in view.StatementFailures)
        {
            // One alone may be a disk's passing trouble, or a caller's own.
            yield return (
                failure.Count > 1 ? SqlitePoolStatus.Critical : SqlitePoolStatus.Warning,
                MessageFormat.Of(
                    $"{MessageFormat.Count(failure.Count, "statement")} failed in the last {MessageFormat.Time(view.Options.Window)}: {failure.Meaning}."
                )
            );
        }
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Failures(HealthInput view)
    {
        PoolWindow minute = view.Minute;
        if (minute.OpenFailures > 0)
        {
            // Nothing is open and nothing can be opened: the next rent fails.
            bool all = minute.Misses == 0 && view.NothingIsOpen;
            yield return (
                all ? SqlitePoolStatus.Critical : SqlitePoolStatus.Warning,
                MessageFormat.Of(
                    $"{MessageFormat.Count(minute.OpenFailures, "attempt")} to open a connection failed in the last {MessageFormat.Time(minute.Elapsed)}{(all ? ", and none succeeded" : "")}."
                )
            );
        }

        if (minute.HealthCheckFailures > 0)
        {
            yield return (
                SqlitePoolStatus.Warning,
                MessageFormat.Of(
                    $"{MessageFormat.Count(minute.HealthCheckFailures, "connection")} failed {(minute.HealthCheckFailures == 1 ? "its" : "their")} health check in the last {MessageFormat.Time(minute.Elapsed)}."
                )
            );
        }
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Leaks(HealthInput view)
    {
        if (view.Minute.Leaks > 0)
        {
            yield return (
                SqlitePoolStatus.Warning,
                MessageFormat.Of(
                    $"{MessageFormat.Count(view.Minute.Leaks, "lease was", "leases were")} dropped without being disposed in the last {MessageFormat.Time(view.Minute.Elapsed)}."
                )
            );
        }

        int held = view.Leases.Count(look => look.Lease.Age >= view.LongLease);
        if (held > 0)
        {
            yield return (
                SqlitePoolStatus.Warning,
                MessageFormat.Of(
                    $"{MessageFormat.Count(held, "lease has", "leases have")} been out for more than {MessageFormat.Time(view.LongLease)}, the longest for {MessageFormat.Time(view.Leases[0].Lease.Age)}."
                )
            );
        }
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Queue(HealthInput view)
    {
        PoolWindow minute = view.Minute;

        // A closed pool refuses posts as well, and that is said already.
        if (!view.IsClosed && (minute.PostsRefused > 0 || IsLong(minute.RoomWaits, view.Options.WarningWaitThreshold)))
        {
            yield return (SqlitePoolStatus.Warning, $"The write queue was full: {view.DescribeFullQueue(minute)}.");
        }
    }

    private static IEnumerable<(SqlitePoolStatus Status, string Text)> Wal(HealthInput view)
    {
        // A checkpoint is due after so many pages, and SQLite then cuts the WAL back to the limit: at twice what that
        // allows, there has not been one for long.
        long allowed = Math.Min(Math.Max(view.WalLimit, view.WalCheckpoint), long.MaxValue / 2);
        long large = Math.Max(view.WalLimit < 0 ? Thresholds.LargeWalWithoutLimit : Thresholds.LargeWal, 2 * allowed);
        if (view.WalBytes > large)
        {
            yield return (
                SqlitePoolStatus.Warning,
                $"The WAL has {MessageFormat.Bytes(view.WalBytes)}, more than {MessageFormat.Bytes(large)}: it is not being checkpointed."
            );
        }
    }
}
