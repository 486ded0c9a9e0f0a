using System.Collections.Concurrent;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// The library's fake clock, stepped from one due time to the next, so that each timer sees the time at which it is due
/// and not the end of the advance; and with its timers counted.
/// </summary>
internal sealed class FakeTimeProvider()
    : Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private readonly ConcurrentDictionary<CountedTimer, DateTimeOffset> _armed = new();
    private int _created;

    /// <summary>Timers that will go off some time, when the clock is moved from now on.</summary>
    public int ArmedTimers => _armed.Keys.Count(static timer => timer.IsSet);

    /// <summary>All timers that there have ever been.</summary>
    public int CreatedTimers => Volatile.Read(ref _created);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _created);
        CountedTimer timer = new(this);
        timer.Inner = base.CreateTimer(_ => timer.GoOff(callback, state), null, Timeout.InfiniteTimeSpan, period);
        timer.Change(dueTime, period);
        return timer;
    }

    public new void Advance(TimeSpan by)
    {
        DateTimeOffset target = GetUtcNow() + by;
        while (
            _armed.Values.Where(due => due > GetUtcNow() && due < target).Order().FirstOrDefault() is { Ticks: > 0 } due
        )
        {
            StepTo(due);
        }

        StepTo(target);
    }

    // A callback, or another thread, may have moved the clock meanwhile.
    private void StepTo(DateTimeOffset time) =>
        base.Advance(TimeSpan.FromTicks(Math.Max(0, (time - GetUtcNow()).Ticks)));

    private sealed class CountedTimer(FakeTimeProvider time) : ITimer
    {
        private TimeSpan _period;
        private volatile bool _isSet;

        public ITimer Inner { get; set; } = null!;

        /// <summary>
        /// False while another thread is about to set it: it would count its time from where the clock is by then.
        /// </summary>
        public bool IsSet => _isSet;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // The library would call back inside this call, which the system's timers never do.
            dueTime = dueTime == TimeSpan.Zero ? TimeSpan.FromTicks(1) : dueTime;
            _period = period;
            _isSet = false;
            time._armed.TryRemove(this, out _);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                time._armed[this] = time.GetUtcNow() + dueTime;
            }

            bool isChanged = Inner.Change(dueTime, period);
            _isSet = true;
            if (!isChanged)
            {
                time._armed.TryRemove(this, out _);
            }

            return isChanged;
        }

        public void GoOff(TimerCallback callback, object? state)
        {
            // One that has been set again meanwhile, or disposed, stays as it is.
            if (time._armed.TryGetValue(this, out DateTimeOffset due) && due <= time.GetUtcNow())
            {
                _ =
                    _period > TimeSpan.Zero
                        ? time._armed.TryUpdate(this, due + _period, due)
                        : time._armed.TryRemove(KeyValuePair.Create(this, due));
            }

            callback(state);
        }

        public void Dispose()
        {
            Inner.Dispose();
            time._armed.TryRemove(this, out _);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
