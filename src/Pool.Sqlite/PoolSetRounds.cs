using Pool.Sqlite.Maintenance;

namespace Pool.Sqlite;

/// <summary>The periodic look of a <see cref="SqlitePoolSet"/> at its pools, from its first use on.</summary>
internal sealed class PoolSetRounds(Action round, TimeSpan idleTimeout, TimeProvider time) : IPeriodicWork, IDisposable
{
    private const int Resting = 0;
    private const int Running = 1;
    private const int Ended = 2;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private int _state;

    public void Start()
    {
        if (
            idleTimeout != Timeout.InfiniteTimeSpan
            && Interlocked.CompareExchange(ref _state, Running, Resting) == Resting
        )
        {
            TimeSpan quarter = idleTimeout / 4;
            SharedTimer.For(time).Add(this, quarter < Longest ? quarter : Longest);
        }
    }

    public bool Run()
    {
        if (Volatile.Read(ref _state) == Running)
        {
            round();
            return true;
        }

        return false;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _state, Ended) == Running)
        {
            SharedTimer.For(time).Remove(this);
        }
    }
}
