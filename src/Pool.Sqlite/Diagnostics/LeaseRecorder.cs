using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// Records when and where leases begin, and how long they last, where that is wanted; costs a rent and a return one
/// look at a flag where it is not.
/// </summary>
internal sealed class LeaseRecorder
{
    private readonly string _name;
    private readonly PoolLoggers _log;
    private readonly PoolMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly double _secondsPerTick;
    private readonly bool _capturesRentSite;
    private bool _isWatching;

    public LeaseRecorder(
        string name,
        SqlitePoolOptions options,
        PoolLoggers log,
        PoolMetrics metrics,
        TimeProvider time
    )
    {
        _name = name;
        _log = log;
        _metrics = metrics;
        _time = time;
        _secondsPerTick = 1.0 / time.TimestampFrequency;
        _capturesRentSite = options.CaptureRentSite;
        RecordsEveryRent = _capturesRentSite || options.LeakThreshold != Timeout.InfiniteTimeSpan;
        Refresh();
    }

    /// <summary>True when every lease has its beginning recorded, not only while a listener measures.</summary>
    public bool RecordsEveryRent { get; }

    /// <summary>True when <see cref="Rented"/> and <see cref="Returning"/> are to be called.</summary>
    public bool IsWatching => _isWatching;

    /// <summary>
    /// Called in each of the housekeeper's rounds: a listener to the time of use is seen within one, so that the fast
    /// path need not ask.
    /// </summary>
    public void Refresh() => _isWatching = RecordsEveryRent || PoolMetrics.WantsUseTime;

    public RentSite? CaptureSite() => _capturesRentSite ? RentSite.Capture() : null;

    public void Rented(PoolEntry<PhysicalConnection> entry, RentSite? site)
    {
        if (_isWatching)
        {
            entry.Value.Notes.Rented(entry.Rents, _time.GetTimestamp(), site);
        }
    }

    public void Returning(PoolEntry<PhysicalConnection> entry)
    {
        long rent = entry.Rents;
        LeaseRecord record = entry.Value.Notes;
        if (record.RentedAt(rent) is { } rentedAt)
        {
            double seconds = (_time.GetTimestamp() - rentedAt) * _secondsPerTick;
            _metrics.RecordUse(seconds);
            if (record.WasReported(rent))
            {
                _log.Leasing.LeaseCameBack(_name, entry.LeaseName, Math.Round(seconds, 1));
            }
        }
    }
}
