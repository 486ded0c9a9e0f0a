namespace Pool.Sqlite.Pooling;

/// <summary>
/// One timer for whatever is due first. A clock may run the callbacks of its timers inside any call, as the fake one of
/// Microsoft.Extensions.TimeProvider.Testing does when it is read: so it is called with no lock held.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="earliest">The timestamp for which it is to be set now; <see cref="long.MaxValue"/> for none.</param>
/// <param name="goOff">Called at that time, sometimes earlier.</param>
internal sealed class DueTimer(TimeProvider time, Func<long> earliest, Action goOff)
{
    private ITimer? _timer;
    private int _changes;

    /// <summary>What is due first has changed. One thread sets the timer; a change meanwhile has it set again.</summary>
    public void Set()
    {
        if (Interlocked.Increment(ref _changes) > 1)
        {
            return;
        }

        int seen;
        do
        {
            seen = Volatile.Read(ref _changes);
            try
            {
                SetOnce();
            }
            // A clock that throws must not lose a waiter that is in its queue: the next change sets the timer.
            catch { }
        } while (Interlocked.CompareExchange(ref _changes, 0, seen) != seen);
    }

    private void SetOnce()
    {
        long dueAt = earliest();
        if (dueAt == long.MaxValue)
        {
            // A timer that is not armed would still be one, for as long as the clock lives.
            _timer?.Dispose();
            _timer = null;
            return;
        }

        _timer ??= time.CreateTimer(
            static timer => ((DueTimer)timer!).GoOff(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        TimeSpan due = Left(dueAt);
        _timer.Change(due, Timeout.InfiniteTimeSpan);

        // It counts from when it was set, and a clock that is moved by hand may have been moved since the look at it.
        TimeSpan left = Left(dueAt);
        if (left < due)
        {
            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }
    }

    // Timers count whole milliseconds, rounded down: rounded up, it never goes off too early, and then again.
    private TimeSpan Left(long dueAt)
    {
        TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), dueAt);
        return TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(left.TotalMilliseconds), 0, int.MaxValue));
    }

    // An exception here would end the process. One that a clock throws is as if it had not gone off.
    private void GoOff()
    {
        try
        {
            goOff();
        }
        // On a timer's thread there is no caller to tell.
        catch { }
    }
}
