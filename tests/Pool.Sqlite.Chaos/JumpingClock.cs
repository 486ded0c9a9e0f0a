namespace Pool.Sqlite.Chaos;

/// <summary>
/// The system's clock, which can be set to another time, and can jump ahead as that of a machine which was suspended.
/// Its timers are the system's.
/// </summary>
internal sealed class JumpingClock : TimeProvider
{
    private long _wall;
    private long _ahead;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _wall));

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);

    /// <summary>Somebody sets the time.</summary>
    public void Set(TimeSpan by) => Interlocked.Add(ref _wall, by.Ticks);

    /// <summary>The machine slept.</summary>
    public void Sleep(TimeSpan time)
    {
        Set(time);
        Interlocked.Add(ref _ahead, (long)(time.TotalSeconds * TimestampFrequency));
    }
}
