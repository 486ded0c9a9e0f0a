using Pool.Sqlite.Connections;
using Pool.Sqlite.Leasing;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Calls a pool's rounds on a timer. It holds the pool weakly: one that is forgotten instead of closed can be
/// collected, and the timer ends with it.
/// </summary>
internal sealed class Housekeeper : IDisposable
{
    private readonly ITimer _timer;

    public Housekeeper(LeasePool<PhysicalConnection> leases, TimeProvider time, TimeSpan period)
    {
        Round round = new(leases);
        _timer = time.CreateTimer(static state => ((Round)state!).Run(), round, period, period);
        round.Timer = _timer;
    }

    public void Dispose() => _timer.Dispose();

    private sealed class Round(LeasePool<PhysicalConnection> leases)
    {
        private readonly WeakReference<LeasePool<PhysicalConnection>> _leases = new(leases);

        public ITimer? Timer { get; set; }

        public void Run()
        {
            if (_leases.TryGetTarget(out LeasePool<PhysicalConnection>? leases) && !leases.IsClosed)
            {
                leases.Sweep();
            }
            else
            {
                Timer?.Dispose();
            }
        }
    }
}
