namespace Pool.Sqlite.Diagnostics;

/// <summary>Since when a pool has been used up, as far as was looked.</summary>
internal sealed class UtilizationWatch(double? threshold, TimeProvider time)
{
    private long _since;
    private int _isAbove;

    /// <summary>False when there is no threshold to be above.</summary>
    public bool IsWanted => threshold is not null;

    /// <summary>Looks again.</summary>
    /// <returns>
    /// For how long utilization has been above the threshold without any overflow left; zero when it is not.
    /// </returns>
    public TimeSpan Observe(SqlitePoolStatistics now)
    {
        int limit = now.PoolSize + now.MaxOverflow;
        if (threshold is null || now.InUse <= threshold * limit || now.Open + now.Opening < limit)
        {
            Volatile.Write(ref _isAbove, 0);
            return TimeSpan.Zero;
        }

        if (Volatile.Read(ref _isAbove) == 0)
        {
            Volatile.Write(ref _since, time.GetTimestamp());
            Volatile.Write(ref _isAbove, 1);
        }

        return time.GetElapsedTime(Volatile.Read(ref _since));
    }
}
