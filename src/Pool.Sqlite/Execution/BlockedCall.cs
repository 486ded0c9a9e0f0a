using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Execution;

/// <summary>
/// A call that something is in the way of: it waits for that, blocking or not, and makes the call again.
/// </summary>
/// <param name="call">The call.</param>
/// <param name="operation">What it does.</param>
/// <param name="async">False to block the thread.</param>
internal sealed class BlockedCall(StatementCall call, Operation operation, bool async)
{
    private readonly int _generation = call.Limits.Generation;

    /// <summary>The mark that the flow will hold the gate by; to be made outside of an asynchronous method.</summary>
    /// <returns>
    /// Null for a combined write, which begins no transaction, so that its flow does not come to hold the gate.
    /// </returns>
    public static AmbientWriteGate? Mark(WriteBlocker blocker) =>
        blocker == WriteBlocker.GateForCombinedWrite ? null : AmbientWriteGate.Prepare();

    /// <summary>
    /// Waits and calls, until nothing is in the way any more; then for the disk, unless the caller does that.
    /// </summary>
    /// <param name="blocker">What is in the way.</param>
    /// <param name="mark">Of <see cref="Mark"/>.</param>
    /// <param name="cancellationToken">Ends the wait, and the call.</param>
    public async ValueTask Run(WriteBlocker blocker, AmbientWriteGate? mark, CancellationToken cancellationToken)
    {
        ExecutionLimits limits = call.Limits;
        using CancellationTokenSource waiting = limits.BeginWait(cancellationToken);
        PhysicalConnection physical = call.Run.Physical!;
        Deadline deadline = new(TimeProvider.System, limits.WaitLimit(physical));
        try
        {
            // Where the statement has the gate itself, it waits for the lock of another process.
            if (call.IsWhole && !physical.HoldsGate)
            {
                physical.Gate.ThrowIfHeldByFlow();
            }

            while (blocker != WriteBlocker.None)
            {
                if (blocker == WriteBlocker.Lock)
                {
                    if (!await LockPolling.Pause(deadline, async, waiting.Token).ConfigureAwait(false))
                    {
                        throw StatementErrors.LockTimeout(physical, deadline.Elapsed);
                    }
                }
                else if (await IsServed(blocker, physical.Gate, deadline, waiting.Token).ConfigureAwait(false))
                {
                    break;
                }

                blocker = call.Attempt(operation, _generation, cancellationToken);
            }
        }
        catch (Exception e)
        {
            call.Record?.Fail(e);
            call.GiveUp(operation, _generation);
            if (e is OperationCanceledException)
            {
                throw StatementErrors.Cancelled(
                    null,
                    cancellationToken.IsCancellationRequested ? cancellationToken : CancellationToken.None
                );
            }

            throw;
        }
        finally
        {
            limits.EndWait();
            mark?.EndUnlessHeld();
        }

        if (!call.LeavesSync)
        {
            await call.WaitForDisk(async, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits at the gate. False when it is this connection's now, and the call is still to be made.</summary>
    private async ValueTask<bool> IsServed(
        WriteBlocker blocker,
        WriteGate gate,
        Deadline deadline,
        CancellationToken cancellationToken
    )
    {
        IStatementLease lease = call.Lease;
        CombinedWrite? combined =
            blocker == WriteBlocker.GateForCombinedWrite
                ? new CombinedWrite(lease, gate, () => call.AttemptCombined(operation, _generation))
                : null;
        WaitOutcome outcome;
        using (lease.BeginGateWait())
        {
            outcome = await gate.Enter(
                    combined is null ? null : combined.Run,
                    async,
                    deadline.Remaining,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        switch (outcome)
        {
            case WaitOutcome.Served:
                combined!.ThrowIfFailed();
                return combined.IsDone;
            case WaitOutcome.Granted:
                Admission.TakeOver(lease, gate);
                return false;
            default:
                throw lease.GateTimeout(deadline.Elapsed);
        }
    }
}
