namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>What a crowd of waiting tasks cost.</summary>
/// <param name="HeldBytesPerWaiter">Managed memory alive while they wait, the caller's own async state machine
/// included.</param>
/// <param name="AllocatedBytesPerWaiter">Everything allocated until all were waiting.</param>
/// <param name="MostAtOnce">The most leases alive at one moment, which the pool's size bounds.</param>
/// <param name="SharedConnections">How often one connection was found in two hands. Anything but 0 is a bug.</param>
internal sealed record WaiterResult(
    int Connections,
    int Waiters,
    int WaitingInPool,
    int ThreadsBefore,
    int ThreadsWaiting,
    double HeldBytesPerWaiter,
    double AllocatedBytesPerWaiter,
    int Served,
    int MostAtOnce,
    int SharedConnections,
    string? FirstError)
{
    public bool Correct => Served == Waiters && SharedConnections == 0 && MostAtOnce <= Connections;
}
