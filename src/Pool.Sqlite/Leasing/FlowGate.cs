using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Leasing;

/// <summary>Whether the current flow holds the write gate of the database that these pools have open.</summary>
internal sealed class FlowGate(LeasePool<PhysicalConnection>[] pools)
{
    /// <summary>False when it certainly does not; true costs a closer look.</summary>
    public bool MayBeHeld() =>
        AmbientWriteGate.MayHoldGate
        && Array.Exists(
            pools,
            static pool => pool.Values.Any(static connection => AmbientWriteGate.MayHold(connection.Gate))
        );

    /// <summary>How the current flow holds the gate; null when it does not.</summary>
    public AmbientWriteGate? Holder() =>
        AmbientWriteGate.MayHoldGate
            ? pools
                .SelectMany(static pool => pool.Values)
                .Select(static connection => AmbientWriteGate.HolderOf(connection.Gate))
                .FirstOrDefault(static holder => holder is not null)
            : null;

    /// <summary>Before it waits for what the flow itself may have: the one writer connection, or every lease.</summary>
    /// <exception cref="InvalidOperationException">The current flow holds the write gate.</exception>
    public void ThrowIfHeld()
    {
        if (Holder() is { } holder)
        {
            throw WriteGate.Reentrant(holder);
        }
    }
}
