namespace Pool.Sqlite.Pooling;

/// <summary>One limit in time for everything a rent does: the wait, the open and the check.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan timeout)
{
    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>The limit as a whole.</summary>
    public TimeSpan Timeout => timeout;

    public TimeSpan Elapsed => time.GetElapsedTime(_startedAt);

    /// <summary>What is left, never negative; infinite when there is no limit.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (timeout == System.Threading.Timeout.InfiniteTimeSpan)
            {
                return timeout;
            }

            TimeSpan left = timeout - Elapsed;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>True once a limit that is not zero has passed.</summary>
    public bool IsOver => timeout != TimeSpan.Zero && Remaining == TimeSpan.Zero;

    public bool Allows(TimeSpan delay) => timeout == System.Threading.Timeout.InfiniteTimeSpan || Remaining > delay;
}
