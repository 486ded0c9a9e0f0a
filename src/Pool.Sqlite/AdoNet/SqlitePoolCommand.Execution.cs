using System.Data;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite;

public sealed partial class SqlitePoolCommand
{
    private OpenReader? _open;
    private CommitTicket _commit;

    // The number of the execution that is going on, or whose reader is open, and what stops it; 0 for none.
    private long _execution;
    private ExecutionInterrupt? _stop;

    /// <summary>What is wanted of a statement.</summary>
    private enum Execution
    {
        NonQuery,
        Scalar,
        Reader,
    }

    private Outcome Run(Execution kind, CommandBehavior behavior)
    {
        if (!TryRun(kind, behavior, CancellationToken.None, out Outcome outcome))
        {
            outcome = RunAfterWaiting(kind, behavior, outcome.WriteBlocker, async: false, CancellationToken.None)
                .AsTask().GetAwaiter().GetResult();
        }
        else if (!_commit.IsDurable)
        {
            _commit.Wait(async: false).AsTask().GetAwaiter().GetResult();
        }

        return outcome;
    }

    private ValueTask<Outcome> RunAsync(Execution kind, CommandBehavior behavior, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Outcome>(cancellationToken);
        }

        try
        {
            if (TryRun(kind, behavior, cancellationToken, out Outcome outcome))
            {
                return _commit.IsDurable ? new ValueTask<Outcome>(outcome) : Durable(outcome);
            }

            return RunAfterWaiting(kind, behavior, outcome.WriteBlocker, async: true, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Outcome>(cancellationToken);
        }
#pragma warning disable CA1031 // An asynchronous method throws through its task.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return ValueTask.FromException<Outcome>(e);
        }
    }

    private async ValueTask<Outcome> Durable(Outcome outcome)
    {
        await _commit.Wait(async: true).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>Runs the statement, unless it has to wait first: then the outcome says for what.</summary>
    private bool TryRun(
        Execution kind,
        CommandBehavior behavior,
        CancellationToken cancellationToken,
        out Outcome outcome,
        bool isCombinedWrite = false)
    {
        outcome = default;
        _commit = default;
        SqlitePoolConnection connection = OpenConnection();
        bool outermost = connection.Enter();
        PhysicalConnection physical = connection.Physical;
        try
        {
            physical.IsTouched = true;
            ThrowIfReaderIsOpen();
            FinishReader();
            CheckTransaction(physical);
            Statement statement = physical.Statements.Take(_text);
            string? outer = physical.Running;
            physical.Running = _text;
            try
            {
                return TryRun(physical, statement, kind, behavior, isCombinedWrite, cancellationToken, out outcome);
            }
            finally
            {
                physical.Running = outer;
                if (statement.ControlsTransaction)
                {
                    physical.NoteTransaction();
                }

                if (_open?.Statement != statement)
                {
                    physical.Statements.PutBack(statement);
                }
            }
        }
        finally
        {
            // Not when a function called by SQLite has run this in the middle of another statement, which may be writing.
            if (outermost && physical.HoldsGate && outcome.WriteBlocker == WriteBlocker.None)
            {
                physical.ReleaseGateIfDone();
                physical.MarkAmbientGate(connection.LeaseId, _text);
                _commit = physical.TakeCommit();
            }

            connection.Exit(outermost);
        }
    }

    private bool TryRun(
        PhysicalConnection physical,
        Statement statement,
        Execution kind,
        CommandBehavior behavior,
        bool isCombinedWrite,
        CancellationToken cancellationToken,
        out Outcome outcome)
    {
        if (_connection!.Role == SqlitePoolConnectionRole.Reader)
        {
            RefuseOnReader(statement);
            physical.BeginSnapshot();
        }

        if (_connection.IsForItem)
        {
            RefuseInItem(physical, statement);
        }

        if (!statement.IsReadOnly && !physical.HoldsGate && !(physical.HoldsGate = physical.Gate.TryEnter()))
        {
            outcome = new Outcome(CanBeCombined(physical, statement, kind) ? WriteBlocker.GateForCombinedWrite : WriteBlocker.Gate);
            return false;
        }

        if (physical.HasForeignFunctions)
        {
            // A function that the statement calls may need a lease, and must not ask for the gate, inside it.
            physical.MarkAmbientGate(_connection.LeaseId, _text);
        }

        outcome = default;
        CancellationTokenRegistration registration = default;
        _stop = physical.Stop;
        _execution = _stop.Begin(isCombinedWrite ? CombinedWriteMilliseconds : CommandTimeout * 1000L);
        try
        {
            if (cancellationToken.CanBeCanceled)
            {
                registration = cancellationToken.UnsafeRegister(static command => ((SqlitePoolCommand)command!).Cancel(), this);
                cancellationToken.ThrowIfCancellationRequested();
            }

            bool native = statement.Native is not null
                && (kind == Execution.Scalar || (kind == Execution.NonQuery && !statement.HasColumns))
                && ParameterBinder.TryBind(statement, _parameters);
            outcome = native ? RunNative(physical, statement, kind)
                : isCombinedWrite ? new Outcome(WriteBlocker.Gate)
                : RunDriver(physical, statement, kind, behavior);
            return outcome.WriteBlocker == WriteBlocker.None;
        }
        catch (SqliteException e) when (isCombinedWrite && e.SqliteErrorCode == raw.SQLITE_INTERRUPT && !WasStopped(e))
        {
            // Not so short after all; SQLite has undone it.
            outcome = new Outcome(WriteBlocker.Gate);
            return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            throw Stopped(e, cancellationToken);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY
            && e.SqliteExtendedErrorCode == raw.SQLITE_BUSY_SNAPSHOT)
        {
            throw WriteWait.SnapshotIsOld();
        }
        finally
        {
            if (cancellationToken.CanBeCanceled)
            {
                // It waits for a callback that is under way, which would otherwise stop what this command runs next.
                registration.Dispose();
            }

            physical.Stop.LiftDeadline();
            if (_open is null)
            {
                _execution = 0;
            }
        }
    }

    /// <summary>What running a statement came to: a value, a number of changes, or what it has to wait for.</summary>
    private readonly struct Outcome(object? value, int changes)
    {
        public Outcome(WriteBlocker blocker)
            : this(null, 0) => WriteBlocker = blocker;

        public WriteBlocker WriteBlocker { get; }

        public object? Value { get; } = value;

        public int Changes { get; } = changes;
    }
}
