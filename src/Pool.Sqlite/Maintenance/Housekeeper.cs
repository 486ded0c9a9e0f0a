using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// The periodic rounds of one pool. They begin when something is opened for the first time, and rest when nothing has
/// been open for as long as the history goes. A pool that is forgotten instead of closed can be collected: the timer
/// holds this weakly.
/// </summary>
internal sealed class Housekeeper(
    LeasePool<PhysicalConnection>[] pools,
    PoolInspector inspector,
    SharedLockKeeper? sharedLockKeeper,
    PoolLoggers log,
    string name,
    TimeProvider time,
    TimeSpan period
) : IPeriodicWork, IDisposable
{
    private const int Resting = 0;
    private const int Running = 1;
    private const int Ended = 2;
    private int _state;
    private long _lastOpen;

    /// <summary>A connection is about to be opened.</summary>
    public void Start()
    {
        Volatile.Write(ref _lastOpen, time.GetTimestamp());
        if (
            Volatile.Read(ref _state) == Resting
            && Interlocked.CompareExchange(ref _state, Running, Resting) == Resting
        )
        {
            SharedTimer.For(time).Add(this, period);

            // Ended meanwhile, before there was anything to be removed.
            if (Volatile.Read(ref _state) == Ended)
            {
                SharedTimer.For(time).Remove(this);
            }
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _state, Ended) == Running)
        {
            SharedTimer.For(time).Remove(this);
        }
    }

    public bool Run()
    {
        try
        {
            return RunRound();
        }
        // An exception on a timer's thread would end the process; the next round tries again.
        catch (Exception e)
        {
            log.Maintenance.RoundFailed(e, name);
            return true;
        }
    }

    private bool RunRound()
    {
        if (Volatile.Read(ref _state) == Ended)
        {
            return false;
        }

        long rents = 0;
        bool isOpen = false;
        foreach (LeasePool<PhysicalConnection> pool in pools)
        {
            pool.Sweep();
            rents += pool.Rents;
            isOpen |= pool.Count().Open > 0;
        }

        sharedLockKeeper?.Look(rents);
        inspector.Look();
        RestIfIdle(isOpen);
        return true;
    }

    // By then the history has nothing left of what has happened, and what begins again begins a new one.
    private void RestIfIdle(bool isOpen)
    {
        long now = time.GetTimestamp();
        if (isOpen)
        {
            Volatile.Write(ref _lastOpen, now);
            return;
        }

        long lastOpen = Volatile.Read(ref _lastOpen);
        if (time.GetElapsedTime(lastOpen, now) <= PoolHistory.Length + TimeSpan.FromMinutes(1))
        {
            return;
        }

        SharedTimer.For(time).Remove(this);
        if (
            Interlocked.CompareExchange(ref _state, Resting, Running) == Running
            && Volatile.Read(ref _lastOpen) != lastOpen
        )
        {
            // Something was opened meanwhile, and found the rounds still running.
            Start();
        }
    }
}
