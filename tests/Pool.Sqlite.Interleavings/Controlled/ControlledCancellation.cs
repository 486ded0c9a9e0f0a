namespace Pool.Sqlite.Interleavings.Controlled;

/// <summary>
/// In place of <see cref="System.Threading.CancellationTokenSource"/>, whose <c>CancelAsync</c> runs its callbacks on a
/// thread that Coyote does not know.
/// </summary>
internal sealed class ControlledCancellation : System.Threading.CancellationTokenSource
{
    private CancellationTokenRegistration _first;
    private CancellationTokenRegistration _second;

    public static new ControlledCancellation CreateLinkedTokenSource(CancellationToken first, CancellationToken second)
    {
        ControlledCancellation linked = CreateLinkedTokenSource(first);
        linked._second = second.UnsafeRegister(static state => ((ControlledCancellation)state!).Cancel(), linked);
        return linked;
    }

    public static new ControlledCancellation CreateLinkedTokenSource(CancellationToken token)
    {
        ControlledCancellation linked = new();
        linked._first = token.UnsafeRegister(static state => ((ControlledCancellation)state!).Cancel(), linked);
        return linked;
    }

    public new Task CancelAsync() => Task.Run(Cancel);

    protected override void Dispose(bool disposing)
    {
        _first.Unregister();
        _second.Unregister();
        base.Dispose(disposing);
    }
}
