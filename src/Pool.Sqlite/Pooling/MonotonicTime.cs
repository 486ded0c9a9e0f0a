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
        (long last, long lost) = Seen();

        // With no lock held: a clock may run the callbacks of its timers in here, and they have locks of their own.
        long now = _inner.GetTimestamp();
        lock (_lock)
        {
            // What is older than another thread's look at the clock, or from before a jump, is as if it were that look.
            if (lost == _lost)
            {
                bool isJump = now < last && last == _last;
                _lost += isJump ? last - now : 0;
                _last = isJump ? now : Math.Max(_last, now);
            }

            return _last + _lost;
        }
    }

    public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _inner.CreateTimer(callback, state, dueTime, period);

    private (long Last, long Lost) Seen()
    {
        lock (_lock)
        {
            return (_last, _lost);
        }
    }
}
