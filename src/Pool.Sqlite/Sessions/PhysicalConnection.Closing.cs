using System.Data;

namespace Pool.Sqlite.Sessions;

/// <content>The caller's code can close the driver's object, which belongs to the pool.</content>
internal sealed partial class PhysicalConnection
{
    private HandleHold? _hold;

    /// <exception cref="InvalidOperationException">The caller's code has closed the driver's object.</exception>
    public void ThrowIfClosedByCaller()
    {
        if (IsClosedByCaller)
        {
            throw ClosedByCaller();
        }
    }

    public static InvalidOperationException ClosedByCaller() => new(
        "The driver's connection (SqliteConnection) was closed, disposed or opened again by the caller's code. It belongs to the "
        + "pool: leave it open, and dispose the lease instead. What was not committed before is undone, and the pool does not "
        + "use this connection again.");

    /// <summary>A hook has run. Puts right what it must not leave behind.</summary>
    /// <returns>What it has done wrong, for a message; null when nothing.</returns>
    public string? EndHook()
    {
        if (IsClosedByCaller)
        {
            return "has closed the connection, which belongs to the pool: leave it open.";
        }

        if (IsInTransaction)
        {
            Abort();
            return "has left a transaction open, which is rolled back: end it before returning.";
        }

        return HasBusyStatement() ? "has left a reader open: dispose it before returning." : null;
    }

    // From now on code of the caller's has the driver's object.
    private void HoldHandle() => _hold ??= new HandleHold(Handle);

    private void OnDriverStateChange(object sender, StateChangeEventArgs change)
    {
        if (change.CurrentState == ConnectionState.Closed)
        {
            IsTouched = true;
            ClosedByCode?.Invoke();
        }
    }
}
