using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Pooling;

/// <summary>
/// A clock whose timestamps never go back, over one whose do: a jump back counts as no time at all, so that what is
/// measured and what is due goes on from there. The system's timestamps never go back, and are used as they are.
/// </summary>
internal sealed class MonotonicTime : TimeProvider
{
    private static readonly ConditionalWeakTable<TimeProvider, MonotonicTime> Known = [];

    private readonly Lock _lock = new();
    private readonly TimeProvider _inner;
    private long _last;
    private long _lost;

    private MonotonicTime(TimeProvider inner)
    {
        _inner = inner;
        _last = inner.GetTimestamp();
    }

    public override long TimestampFrequency => _inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => _inner.LocalTimeZone;

    /// <summary>The monotonic view of a clock: one for each clock.</summary>
    public static TimeProvider For(TimeProvider? time) =>
        time is null || time == System
            ? System
            : time as MonotonicTime ?? Known.GetValue(time, static inner => new MonotonicTime(inner));

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            long now = _inner.GetTimestamp();
            if (now < _last)
            {
                _lost += _last - now;
            }

            _last = now;
            return now + _lost;
        }
    }

    public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _inner.CreateTimer(callback, state, dueTime, period);
}
