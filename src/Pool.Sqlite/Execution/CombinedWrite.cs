using System.Runtime.ExceptionServices;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Execution;

/// <summary>A short write that waits at the gate, and is run by the thread that leaves it.</summary>
internal sealed class CombinedWrite(IStatementLease lease, WriteGate gate, Func<WriteBlocker> attempt)
{
    private ExceptionDispatchInfo? _failure;

    /// <summary>
    /// False when it could not be done there. (Then its connection has the gate, unless it has gone back since.)
    /// </summary>
    public bool IsDone { get; private set; }

    public void ThrowIfFailed() => _failure?.Throw();

    /// <summary>Runs it inside the gate, and leaves that if it is done.</summary>
    public void Run()
    {
        try
        {
            Admission.TakeOver(lease, gate);
            IsDone = attempt() == WriteBlocker.None;
        }
        // It is for the caller, whose thread this is not.
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
            IsDone = true;
        }
    }
}
