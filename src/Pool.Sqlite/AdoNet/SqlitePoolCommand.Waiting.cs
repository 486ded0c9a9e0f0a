using System.Data;
using System.Runtime.ExceptionServices;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <content>Running a statement that has to wait for the right to write.</content>
public sealed partial class SqlitePoolCommand
{
    private const int CombinedWriteMilliseconds = 5;

    /// <summary>True when its caller has no lease, so that it has no use for a write that is begun and not awaited.</summary>
    internal bool IsWhole { get; set; }

    private ValueTask<Outcome> RunAfterWaiting(
        Execution kind, CommandBehavior behavior, WriteBlocker blocker, bool async, CancellationToken cancellationToken)
    {
        // A combined write begins no transaction, so its flow does not come to hold the gate.
        AmbientWriteGate? mark = blocker == WriteBlocker.GateForCombinedWrite ? null : AmbientWriteGate.Prepare();
        return WaitAndRun(kind, behavior, blocker, mark, async, cancellationToken);
    }

    private async ValueTask<Outcome> WaitAndRun(
        Execution kind,
        CommandBehavior behavior,
        WriteBlocker blocker,
        AmbientWriteGate? mark,
        bool async,
        CancellationToken cancellationToken)
    {
        try
        {
            Outcome outcome = await WaitAndRun(kind, behavior, blocker, async, cancellationToken).ConfigureAwait(false);
            await _commit.Wait(async, cancellationToken).ConfigureAwait(false);
            return outcome;
        }
        finally
        {
            mark?.EndUnlessHeld();
        }
    }

    private async ValueTask<Outcome> WaitAndRun(
        Execution kind, CommandBehavior behavior, WriteBlocker blocker, bool async, CancellationToken cancellationToken)
    {
        WriteWait wait = new(OpenConnection(), CommandTimeout);
        if (IsWhole)
        {
            OpenConnection().Physical.Gate.ThrowIfHeldByFlow();
        }

        for (; ; )
        {
            CombinedWrite? combinedWrite = blocker == WriteBlocker.GateForCombinedWrite ? new CombinedWrite(this, kind, cancellationToken) : null;
            if (await wait.For(blocker, combinedWrite is null ? null : combinedWrite.Run, async, cancellationToken).ConfigureAwait(false)
                && combinedWrite!.IsDone)
            {
                return combinedWrite.Outcome;
            }

            if (TryRun(kind, behavior, cancellationToken, out Outcome outcome))
            {
                return outcome;
            }

            blocker = outcome.WriteBlocker;
        }
    }

    // With nothing of the caller's in it, no code but SQLite's, it makes no difference which thread runs it.
    private static bool CanBeCombined(PhysicalConnection physical, Statement statement, Execution kind) =>
        kind != Execution.Reader
        && statement is { Native: not null, ControlsTransaction: false }
        && !physical.HasForeignFunctions
        && !physical.IsInTransaction;

    /// <summary>A short write that waits at the gate, and is run by the thread that leaves it.</summary>
    private sealed class CombinedWrite(SqlitePoolCommand command, Execution kind, CancellationToken cancellationToken)
    {
        private readonly SqlitePoolConnection _connection = command.OpenConnection();
        private readonly WriteGate _gate = command.OpenConnection().Physical.Gate;
        private Outcome _outcome;
        private ExceptionDispatchInfo? _failure;

        /// <summary>False when it could not be done there. (Then its connection has the gate, unless it has gone back since.)</summary>
        public bool IsDone { get; private set; }

        public Outcome Outcome
        {
            get
            {
                _failure?.Throw();
                return _outcome;
            }
        }

        /// <summary>Runs it inside the gate, and leaves that if it is done.</summary>
        public void Run()
        {
            try
            {
                WriteWait.TakeOver(_connection, _gate);
                IsDone = command.TryRun(kind, CommandBehavior.Default, cancellationToken, out _outcome, isCombinedWrite: true);
            }
#pragma warning disable CA1031 // It is for the caller, whose thread this is not.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failure = ExceptionDispatchInfo.Capture(e);
                IsDone = true;
            }
        }
    }
}
