using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// The looks that the housekeeper takes at a pool from inside: samples for the history, leases that are out for too
/// long, what they read from.
/// </summary>
internal sealed class PoolInspector
{
    private readonly string _name;
    private readonly PoolLoggers _log;
    private readonly TimeProvider _time;
    private readonly TimeSpan _leakThreshold;
    private readonly StatisticsReader _statistics;
    private readonly ConnectionFigures _figures;
    private readonly LeaseInspector _leases;
    private readonly LeaseRecorder _recorder;
    private readonly UtilizationWatch _utilization;
    private readonly PoolHistory _history;
    private int _looking;

    public PoolInspector(
        string name,
        PoolLoggers log,
        TimeProvider time,
        TimeSpan leakThreshold,
        StatisticsReader statistics,
        ConnectionFigures figures,
        LeaseInspector leases,
        LeaseRecorder recorder,
        UtilizationWatch utilization
    )
    {
        _name = name;
        _log = log;
        _time = time;
        _leakThreshold = leakThreshold;
        _statistics = statistics;
        _figures = figures;
        _leases = leases;
        _recorder = recorder;
        _utilization = utilization;

        // Everything counts from here.
        _history = new PoolHistory(time, PoolSample.OfNothing(time.GetTimestamp(), CpuTime()));
    }

    /// <summary>The processor time that the process has used; a test puts its own here.</summary>
    public Func<TimeSpan> CpuTime { get; set; } =
        static () => OperatingSystem.IsBrowser() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime;

    /// <summary>One round. Never throws: it is called by a timer.</summary>
    public void Look()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            _recorder.Refresh();
            _log.ReportRepeated(_name);
            _figures.CheckFile();
            _statistics.WantCacheLooks();
            IReadOnlyList<LeaseSnapshot> looks = _leases.Inspect();
            NoteSnapshots(looks);
            ReportLeaks(looks);
            if (_utilization.IsWanted)
            {
                _utilization.Observe(_statistics.Read());
            }

            if (_history.IsDue)
            {
                _history.Add(Sample());
            }
        }
        // An exception on a timer's thread would end the process.
        catch (Exception e)
        {
            _log.Maintenance.RoundFailed(e, _name);
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    public PoolSample Sample() => new(_time.GetTimestamp(), _statistics.Read(), _figures.Cache, CpuTime());

    public PoolWindow Since(TimeSpan ago, PoolSample now) => _history.Since(ago, now);

    private void NoteSnapshots(IReadOnlyList<LeaseSnapshot> looks)
    {
        long? size = null;
        foreach (LeaseSnapshot look in looks)
        {
            if (look.Snapshot != 0 && look.Notes.Sight?.Snapshot != look.Snapshot)
            {
                look.Notes.Sight = new SnapshotObservation(
                    look.Snapshot,
                    _time.GetTimestamp(),
                    size ??= _figures.WalBytes
                );
            }
        }
    }

    private void ReportLeaks(IReadOnlyList<LeaseSnapshot> looks)
    {
        if (_leakThreshold == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        SqlitePoolStatistics? now = null;
        foreach (LeaseSnapshot look in looks)
        {
            if (look.Lease.Age >= _leakThreshold && look.Notes.TryReport(look.Rent))
            {
                now ??= _statistics.Read();
                _log.Leasing.LeaseHeldTooLong(
                    _name,
                    MessageFormat.Lease(look.Lease),
                    _leakThreshold,
                    now.InUse,
                    now.PoolSize + now.MaxOverflow,
                    now.Waiting,
                    now.WriteGateWaiting
                );
            }
        }
    }
}
