using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Execution;

/// <summary>What a statement has to wait for.</summary>
internal enum WriteBlocker
{
    None,

    /// <summary>Another connection of this process writes.</summary>
    Gate,

    /// <summary>
    /// The same; and this is so short that the thread which leaves the gate may run it: see <see cref="WriteGate"/>.
    /// </summary>
    GateForCombinedWrite,

    /// <summary>Another connection holds SQLite's lock.</summary>
    Lock,
}
