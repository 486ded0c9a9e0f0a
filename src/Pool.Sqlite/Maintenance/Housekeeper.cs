using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Calls a pool's rounds on a timer. It holds the pool weakly: one that is forgotten instead of closed can be
/// collected, and the timer ends with it.
/// </summary>
internal sealed class Housekeeper : IDisposable
{
    private readonly ITimer _timer;

    public Housekeeper(
        LeasePool<PhysicalConnection>[] pools, PoolInspector inspector, SharedLockKeeper? sharedLockKeeper, TimeProvider time, TimeSpan period)
    {
        Round round = new(pools, inspector, sharedLockKeeper);
        _timer = time.CreateTimer(static state => ((Round)state!).Run(), round, period, period);
        round.Timer = _timer;
    }

    public void Dispose() => _timer.Dispose();

    private sealed class Round(LeasePool<PhysicalConnection>[] pools, PoolInspector inspector, SharedLockKeeper? sharedLockKeeper)
    {
        private readonly WeakReference<LeasePool<PhysicalConnection>>[] _pools =
            [.. pools.Select(pool => new WeakReference<LeasePool<PhysicalConnection>>(pool))];

        private readonly WeakReference<PoolInspector> _inspector = new(inspector);

        public ITimer? Timer { get; set; }

        public void Run()
        {
            long rents = 0;
            foreach (WeakReference<LeasePool<PhysicalConnection>> reference in _pools)
            {
                if (!reference.TryGetTarget(out LeasePool<PhysicalConnection>? pool) || pool.IsClosed)
                {
                    Timer?.Dispose();
                    sharedLockKeeper?.Dispose();
                    return;
                }

                pool.Sweep();
                rents += pool.Rents;
            }

            sharedLockKeeper?.Look(rents);
            if (_inspector.TryGetTarget(out PoolInspector? looks))
            {
                looks.Look();
            }
        }
    }
}
