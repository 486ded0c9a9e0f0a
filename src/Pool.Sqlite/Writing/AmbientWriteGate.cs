namespace Pool.Sqlite.Writing;

/// <summary>
/// Knows which flow of control, synchronous or asynchronous, holds a write gate beyond one statement. Such a flow must
/// not wait for a lease behind those who wait for its gate: they would wait for each other.
/// </summary>
/// <remarks>
/// The mark is seen by what its holder calls and starts. It is set in the synchronous part of a call, since what an
/// asynchronous method sets its caller does not see.
/// </remarks>
internal sealed class AmbientWriteGate
{
    private static readonly AsyncLocal<AmbientWriteGate?> Current = new();
    private int _held;

    private AmbientWriteGate()
    {
    }

    /// <summary>True when the current flow holds a gate.</summary>
    public static bool HoldsGate => Current.Value is { } flow && Volatile.Read(ref flow._held) > 0;

    /// <summary>The mark of the current flow; it gets one if it has none.</summary>
    public static AmbientWriteGate Mark() => Current.Value ??= new AmbientWriteGate();

    public void Enter() => Interlocked.Increment(ref _held);

    public void Leave() => Interlocked.Decrement(ref _held);
}
