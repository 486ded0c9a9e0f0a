namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// Samples of the last minutes, so that health and advice are judged by what happens, not by a burst of last week.
/// </summary>
internal sealed class PoolHistory
{
    /// <summary>The time that it goes back.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Queue<PoolSample> _samples = new();
    private readonly TimeProvider _time;
    private PoolSample _newest;

    public PoolHistory(TimeProvider time, PoolSample first)
    {
        _time = time;
        _newest = first;
        _samples.Enqueue(first);
    }

    public bool IsDue => _time.GetElapsedTime(_newest.At) >= Interval;

    public void Add(PoolSample sample)
    {
        lock (_lock)
        {
            _samples.Enqueue(_newest = sample);

            // One that is older than the length stays, for the others to be measured from.
            while (_samples.Count > 2 && _time.GetElapsedTime(_samples.ElementAt(1).At, sample.At) >= Length)
            {
                _samples.Dequeue();
            }
        }
    }

    /// <summary>The window since about this long ago, or since the pool was made.</summary>
    public PoolWindow Since(TimeSpan ago, PoolSample now)
    {
        lock (_lock)
        {
            PoolSample from =
                _samples.LastOrDefault(sample => _time.GetElapsedTime(sample.At, now.At) >= ago) ?? _samples.Peek();
            return new PoolWindow(_time.GetElapsedTime(from.At, now.At), from, now);
        }
    }
}
