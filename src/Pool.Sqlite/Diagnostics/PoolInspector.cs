namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// The looks that the housekeeper takes at a pool from inside: samples for the history, leases that are out for too long,
/// what they read from.
/// </summary>
internal sealed class PoolInspector(
    string name,
    PoolLoggers log,
    TimeProvider time,
    TimeSpan leakThreshold,
    Func<SqlitePoolStatistics> statistics,
    Func<CacheFigures> cache,
    Func<IReadOnlyList<LeaseSnapshot>> leases,
    Func<long> walBytes)
{
    private PoolHistory? _history;
    private int _looking;

    /// <summary>What the process has used of the processors; a test puts its own here.</summary>
    public Func<TimeSpan> CpuTime { get; set; } = static () => OperatingSystem.IsBrowser() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime;

    /// <summary>Called at the beginning of each round.</summary>
    public Action? RoundBegins { get; init; }

    /// <summary>The pool is made: everything counts from here.</summary>
    public void Begin() => _history = new PoolHistory(time, Sample());

    /// <summary>One round. Never throws: it is called by a timer.</summary>
    public void Look()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            RoundBegins?.Invoke();
            IReadOnlyList<LeaseSnapshot> looks = leases();
            NoteSnapshots(looks);
            ReportLeaks(looks);
            if (_history!.IsDue)
            {
                _history.Add(Sample());
            }
        }
#pragma warning disable CA1031 // An exception on a timer's thread would end the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            log.Maintenance.RoundFailed(e, name);
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    public PoolSample Sample() => new(time.GetTimestamp(), statistics(), cache(), CpuTime());

    public PoolWindow Since(TimeSpan ago, PoolSample now) => _history!.Since(ago, now);

    private void NoteSnapshots(IReadOnlyList<LeaseSnapshot> looks)
    {
        long? size = null;
        foreach (LeaseSnapshot look in looks)
        {
            if (look.Snapshot != 0 && look.Notes.Sight?.Snapshot != look.Snapshot)
            {
                look.Notes.Sight = new SnapshotObservation(look.Snapshot, time.GetTimestamp(), size ??= walBytes());
            }
        }
    }

    private void ReportLeaks(IReadOnlyList<LeaseSnapshot> looks)
    {
        if (leakThreshold == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        SqlitePoolStatistics? now = null;
        foreach (LeaseSnapshot look in looks)
        {
            if (look.Lease.Age >= leakThreshold && look.Notes.TryReport(look.Rent))
            {
                now ??= statistics();
                log.Leasing.LeaseHeldTooLong(
                    name, MessageFormat.Lease(look.Lease), leakThreshold, now.InUse, now.PoolSize + now.MaxOverflow, now.Waiting, now.WriteGateWaiting);
            }
        }
    }
}
