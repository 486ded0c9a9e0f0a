using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// One timer for the periodic work of all pools that have the same clock. It holds that work weakly, and is armed only
/// while there is some.
/// </summary>
internal sealed class SharedTimer
{
    private static readonly ConditionalWeakTable<TimeProvider, SharedTimer> Timers = [];

    private readonly Lock _lock = new();
    private readonly List<Registration> _registrations = [];
    private readonly TimeProvider _time;
    private ITimer? _timer;
    private long _dueAt = long.MaxValue;

    private SharedTimer(TimeProvider time) => _time = time;

    public static SharedTimer For(TimeProvider time) => Timers.GetValue(time, static time => new SharedTimer(time));

    /// <summary>Has some work called in each period, until it answers false, is removed or collected.</summary>
    public void Add(IPeriodicWork work, TimeSpan period)
    {
        lock (_lock)
        {
            Registration registration = new(work, (long)(period.TotalSeconds * _time.TimestampFrequency));
            registration.DueAt = _time.GetTimestamp() + registration.Period;
            _registrations.Add(registration);
            SetTimer();
        }
    }

    public void Remove(IPeriodicWork work)
    {
        lock (_lock)
        {
            _registrations.RemoveAll(registration =>
                !registration.Work.TryGetTarget(out IPeriodicWork? known) || known == work
            );
            SetTimer();
        }
    }

    private void Tick()
    {
        List<IPeriodicWork> due = [];
        lock (_lock)
        {
            _dueAt = long.MaxValue;
            long now = _time.GetTimestamp();
            _registrations.RemoveAll(static registration => !registration.Work.TryGetTarget(out _));
            foreach (Registration registration in _registrations)
            {
                if (registration.DueAt <= now && registration.Work.TryGetTarget(out IPeriodicWork? work))
                {
                    registration.DueAt = now + registration.Period;
                    due.Add(work);
                }
            }

            SetTimer();
        }

        // On the system's clock none waits for the others; a test's clock has them done when it has moved.
        if (_time == TimeProvider.System)
        {
            due.ForEach(work => ThreadPool.UnsafeQueueUserWorkItem(Run, work, preferLocal: false));
        }
        else
        {
            due.ForEach(Run);
        }
    }

    private void Run(IPeriodicWork work)
    {
        if (!work.Run())
        {
            Remove(work);
        }
    }

    private void SetTimer()
    {
        long dueAt =
            _registrations.Count == 0 ? long.MaxValue : _registrations.Min(static registration => registration.DueAt);
        if (dueAt == _dueAt)
        {
            return;
        }

        _dueAt = dueAt;
        if (dueAt == long.MaxValue)
        {
            // A timer that is not armed would still be one, for as long as the clock lives.
            _timer?.Dispose();
            _timer = null;
            return;
        }

        double milliseconds = Math.Ceiling(_time.GetElapsedTime(_time.GetTimestamp(), dueAt).TotalMilliseconds);
        _timer ??= _time.CreateTimer(
            static timer => ((SharedTimer)timer!).OnTimer(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    // An exception here would end the process.
    private void OnTimer()
    {
        try
        {
            Tick();
        }
        // On a timer's thread there is no caller to tell; what the work throws, it has reported itself.
        catch { }
    }

    private sealed class Registration(IPeriodicWork work, long period)
    {
        public WeakReference<IPeriodicWork> Work { get; } = new(work);

        public long Period => period;

        public long DueAt { get; set; }
    }
}
