using System.Runtime.CompilerServices;
using Pool.Sqlite.Pooling;

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
    private readonly DueTimer _timer;

    private SharedTimer(TimeProvider time)
    {
        _time = time;
        _timer = new DueTimer(time, Earliest, Tick);
    }

    public static SharedTimer For(TimeProvider time) => Timers.GetValue(time, static time => new SharedTimer(time));

    /// <summary>Has some work called in each period, until it answers false, is removed or collected.</summary>
    public void Add(IPeriodicWork work, TimeSpan period)
    {
        Registration registration = new(work, (long)(period.TotalSeconds * _time.TimestampFrequency));
        registration.DueAt = _time.GetTimestamp() + registration.Period;
        lock (_lock)
        {
            _registrations.Add(registration);
        }

        _timer.Set();
    }

    public void Remove(IPeriodicWork work)
    {
        lock (_lock)
        {
            _registrations.RemoveAll(registration =>
                !registration.Work.TryGetTarget(out IPeriodicWork? known) || known == work
            );
        }

        _timer.Set();
    }

    private long Earliest()
    {
        lock (_lock)
        {
            return _registrations.Count == 0
                ? long.MaxValue
                : _registrations.Min(static registration => registration.DueAt);
        }
    }

    private void Tick()
    {
        List<IPeriodicWork> due = [];
        long now = _time.GetTimestamp();
        lock (_lock)
        {
            _registrations.RemoveAll(static registration => !registration.Work.TryGetTarget(out _));
            foreach (Registration registration in _registrations)
            {
                if (registration.DueAt <= now && registration.Work.TryGetTarget(out IPeriodicWork? work))
                {
                    registration.DueAt = now + registration.Period;
                    due.Add(work);
                }
            }
        }

        _timer.Set();

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

    private sealed class Registration(IPeriodicWork work, long period)
    {
        public WeakReference<IPeriodicWork> Work { get; } = new(work);

        public long Period => period;

        public long DueAt { get; set; }
    }
}
