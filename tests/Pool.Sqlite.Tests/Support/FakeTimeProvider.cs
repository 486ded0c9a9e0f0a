namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// A clock that moves only when it is told to. Timers go off inside <see cref="Advance"/>, on its thread, in the order
/// of their times; a periodic one once for every period. One that is due at once goes off at the next Advance, even by
/// zero: never inside the call that sets it, as real ones do not either.
/// </summary>
internal sealed class FakeTimeProvider : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<Timer> _armed = [];
    private long _now = TimeSpan.TicksPerDay;
    private long _armings;
    private int _created;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers will go off some time.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_lock)
            {
                return _armed.Count;
            }
        }
    }

    /// <summary>How many timers there have ever been.</summary>
    public int CreatedTimers => Volatile.Read(ref _created);

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _created);
        Timer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on. Each timer that is due sees the time at which it is due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long target = GetTimestamp() + by.Ticks;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>The next timer due until then, already set for its next period; null moves the clock there.</summary>
    private Timer? TakeDue(long target)
    {
        lock (_lock)
        {
            Timer? next = _armed.MinBy(timer => (timer.DueAt, timer.Arming));
            if (next is null || next.DueAt > target)
            {
                _now = Math.Max(_now, target);
                return null;
            }

            _now = Math.Max(_now, next.DueAt);
            _armed.Remove(next);
            if (next.Period > 0)
            {
                Arm(next, next.DueAt + next.Period);
            }

            return next;
        }
    }

    private void Arm(Timer timer, long dueAt)
    {
        timer.DueAt = dueAt;
        timer.Arming = ++_armings;
        _armed.Add(timer);
    }

    private sealed class Timer(FakeTimeProvider time, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public long DueAt { get; set; }

        public long Arming { get; set; }

        public long Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // What the system's timers refuse.
            ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime.TotalMilliseconds, uint.MaxValue - 1.0);
            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime.TotalMilliseconds, -1);
            lock (time._lock)
            {
                time._armed.Remove(this);
                if (_disposed)
                {
                    return false;
                }

                Period = period > TimeSpan.Zero ? period.Ticks : 0;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    time.Arm(this, time._now + dueTime.Ticks);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                _disposed = true;
                time._armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
