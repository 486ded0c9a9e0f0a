using System.Data;
using System.Runtime.ExceptionServices;
using Pool.Sqlite.Connections;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <content>Running a statement that has to wait for the right to write.</content>
public sealed partial class PooledCommand
{
    private const int ErrandMilliseconds = 5;

    private ValueTask<Outcome> RunAfterWaiting(
        Execution kind, CommandBehavior behavior, Obstacle obstacle, bool async, CancellationToken cancellationToken)
    {
        // An errand begins no transaction, so its flow does not come to hold the gate.
        if (obstacle != Obstacle.GateForErrand)
        {
            GateFlow.Mark();
        }

        return WaitAndRun(kind, behavior, obstacle, async, cancellationToken);
    }

    private async ValueTask<Outcome> WaitAndRun(
        Execution kind, CommandBehavior behavior, Obstacle obstacle, bool async, CancellationToken cancellationToken)
    {
        WriteWait wait = new(OpenConnection(), CommandTimeout);
        for (; ; )
        {
            Errand? errand = obstacle == Obstacle.GateForErrand ? new Errand(this, kind, cancellationToken) : null;
            if (await wait.For(obstacle, errand is null ? null : errand.Run, async, cancellationToken).ConfigureAwait(false)
                && errand!.IsDone)
            {
                return errand.Outcome;
            }

            if (TryRun(kind, behavior, cancellationToken, out Outcome outcome))
            {
                return outcome;
            }

            obstacle = outcome.Obstacle;
        }
    }

    // With nothing of the caller's in it, no code but SQLite's, it makes no difference which thread runs it.
    private static bool CanBeErrand(PhysicalConnection physical, Statement statement, Execution kind) =>
        kind != Execution.Reader
        && statement is { Native: not null, ControlsTransaction: false }
        && !physical.HasForeignFunctions
        && !physical.IsInTransaction;

    /// <summary>A short write that waits at the gate, and is run by the thread that leaves it.</summary>
    private sealed class Errand(PooledCommand command, Execution kind, CancellationToken cancellationToken)
    {
        private readonly PooledConnection _connection = command.OpenConnection();
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
                IsDone = command.TryRun(kind, CommandBehavior.Default, cancellationToken, out _outcome, isErrand: true);
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
