using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>
/// A logger that never throws and repeats nothing without end. It is called between taking the write gate or a permit
/// and giving it back, which an exception must not prevent; and a pool under load has the same to say of every rent.
/// </summary>
internal sealed class QuietLogger(ILogger inner, TimeProvider time) : ILogger
{
    /// <summary>The interval at which a warning that comes in numbers is written; those between are counted.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // In the order of LogMessages.Repeated, each from the first that is written.
    private readonly Repeated?[] _repeated = new Repeated?[LogMessages.Repeated.Length];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (Find(eventId.Id) is { } repeated && !repeated.TryWrite())
        {
            return;
        }

        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        // A failing logger cannot be logged.
        catch { }
    }

    /// <summary>Says how many were left out, where that is due.</summary>
    public void ReportRepeated(string pool)
    {
        foreach (Repeated? known in _repeated)
        {
            if (known is { } repeated && repeated.TryTake(out int count))
            {
                this.RepeatedWarnings(pool, count, repeated.Text, Interval.TotalSeconds);
            }
        }
    }

    private Repeated? Find(int id)
    {
        int index = Array.FindIndex(LogMessages.Repeated, each => each.Id == id);
        return index < 0
            ? null
            : Volatile.Read(ref _repeated[index])
                ?? Interlocked.CompareExchange(
                    ref _repeated[index],
                    new Repeated(LogMessages.Repeated[index].Text, time),
                    null
                )
                ?? _repeated[index];
    }

    private sealed class Repeated(string text, TimeProvider time)
    {
        private readonly Lock _lock = new();
        private long? _written;
        private int _leftOut;

        public string Text => text;

        public bool TryWrite()
        {
            long now = time.GetTimestamp();
            lock (_lock)
            {
                // What was left out is reported first, and begins the next interval.
                if (_leftOut > 0 || (_written is { } written && time.GetElapsedTime(written, now) < Interval))
                {
                    _leftOut++;
                    return false;
                }

                _written = now;
                return true;
            }
        }

        public bool TryTake(out int count)
        {
            count = 0;
            if (Volatile.Read(ref _leftOut) == 0)
            {
                return false;
            }

            long now = time.GetTimestamp();
            lock (_lock)
            {
                if (time.GetElapsedTime(_written!.Value, now) < Interval)
                {
                    return false;
                }

                (count, _leftOut, _written) = (_leftOut, 0, now);
                return true;
            }
        }
    }
}
