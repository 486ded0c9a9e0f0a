using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// Runs the current statement of a sequence: enters the gate, steps from row to row, ends. None of its steps waits:
/// what is in the way is answered, and the same call made again goes on from where it stood.
/// </summary>
internal sealed class StatementStepper(StatementSequence statements)
{
    private const int Nothing = -1;

    private StatementPhase _phase;

    // What SQLite has answered to a step, and was not dealt with yet.
    private int _answered = Nothing;
    private ChangeCount _changes = ChangeCount.None;
    private bool _isFirstRowPending;

    public bool HasRow => statements.HasRow;

    /// <summary>True when the current result has, or had, a row.</summary>
    public bool HasRows { get; private set; }

    /// <summary>Rows changed by all statements that have ended; -1 while none of them could change any.</summary>
    public int RecordsAffected => _changes.Total;

    /// <summary>True in a transaction that the pool has begun for this run alone.</summary>
    public bool OwnsTransaction { get; private set; }

    /// <summary>True when the next statement is to be prepared.</summary>
    public bool NeedsNext => _phase is StatementPhase.Between or StatementPhase.Ended;

    /// <summary>True when there is no result to be ended.</summary>
    public bool HasNoResult => _phase is StatementPhase.Between or StatementPhase.Ready;

    /// <summary>True when it stands on a row of a statement that only reads.</summary>
    public bool CanReadOn { get; private set; }

    private Statement Current => statements.Current!;

    private sqlite3_stmt Native => statements.Current!.Native;

    private PhysicalConnection Physical => statements.Physical!;

    /// <summary>As new.</summary>
    public void Clear()
    {
        _phase = StatementPhase.Between;
        _answered = Nothing;
        _changes = ChangeCount.None;
        _isFirstRowPending = OwnsTransaction = CanReadOn = HasRows = false;
    }

    /// <inheritdoc cref="StatementSequence.MoveNext"/>
    public WriteBlocker MoveNext()
    {
        _phase = StatementPhase.Between;
        HasRows = false;
        WriteBlocker blocker = statements.MoveNext(OwnsTransaction);
        if (blocker == WriteBlocker.None && statements.Current is not null)
        {
            _phase = StatementPhase.Ready;
        }

        return blocker;
    }

    /// <summary>A statement that SQLite has undone is to be run again.</summary>
    public void StartAgain()
    {
        _ = raw.sqlite3_reset(Native);
        _phase = StatementPhase.Ready;
        LeaveRow();
    }

    /// <summary>Runs the statement up to its first row, or its end.</summary>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    public WriteBlocker Start(Operation operation, IStatementLease lease)
    {
        if (_phase == StatementPhase.Committing)
        {
            return Commit();
        }

        WriteBlocker blocker = TryBegin(operation, lease);
        if (blocker != WriteBlocker.None)
        {
            return blocker;
        }

        PhysicalConnection physical = Physical;
        Statement statement = Current;
        _changes.Begin(physical, statement);
        int result = physical.Stop.Step(statement.Native);
        while (result == raw.SQLITE_ROW && !statement.HasColumns)
        {
            result = physical.Stop.Step(statement.Native);
        }

        if (result == raw.SQLITE_ROW)
        {
            _phase = StatementPhase.Row;
            HasRows = _isFirstRowPending = true;
            return WriteBlocker.None;
        }

        if (physical.IsLocked(result))
        {
            // Its values stay bound.
            _ = raw.sqlite3_reset(statement.Native);
            return WriteBlocker.Lock;
        }

        physical.ThrowUnlessDone(result);
        NoteEnd();
        return _phase == StatementPhase.Committing ? Commit() : WriteBlocker.None;
    }

    /// <summary>
    /// Goes on to the next row; false when SQLite has answered anything else, which <see cref="Read"/> takes up.
    /// </summary>
    public bool TryReadOn()
    {
        int result = raw.sqlite3_step(Native);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        LeaveRow();
        _answered = result;
        return false;
    }

    /// <summary>Goes to the next row, which <see cref="HasRow"/> tells of.</summary>
    /// <exception cref="SqliteException">SQLite refuses to go on.</exception>
    public WriteBlocker Read()
    {
        LeaveRow();
        if (_phase == StatementPhase.Row)
        {
            if (_isFirstRowPending)
            {
                _isFirstRowPending = false;
                EnterRow();
                return WriteBlocker.None;
            }

            int result = _answered != Nothing ? _answered : Physical.Stop.Step(Native);
            _answered = Nothing;
            if (result == raw.SQLITE_ROW)
            {
                EnterRow();
                return WriteBlocker.None;
            }

            StatementErrors.ThrowUnlessStored(Physical, Current, result);
            NoteEnd();
        }

        return _phase == StatementPhase.Committing ? Commit() : WriteBlocker.None;
    }

    /// <summary>Ends the current result, whatever rows are left.</summary>
    /// <exception cref="SqliteException">The end of a write was refused.</exception>
    public WriteBlocker End(Operation operation)
    {
        LeaveRow();
        if (_phase == StatementPhase.Row)
        {
            // What only reads cannot be refused its end: NoteEnd resets it.
            if (!Current.IsReadOnly)
            {
                int result = raw.sqlite3_reset(Native);
                if (operation is Operation.NonQuery or Operation.Scalar && Physical.IsLocked(result))
                {
                    // None of its rows was shown, so it can be run again.
                    _phase = StatementPhase.Ready;
                    return WriteBlocker.Lock;
                }

                StatementErrors.ThrowUnlessStored(Physical, Current, result);
            }

            NoteEnd();
        }

        WriteBlocker blocker = _phase == StatementPhase.Committing ? Commit() : WriteBlocker.None;
        if (blocker == WriteBlocker.None && _phase == StatementPhase.Ended)
        {
            statements.Leave();
            _phase = StatementPhase.Between;
        }

        return blocker;
    }

    /// <summary>Ends the current result after an error.</summary>
    public void Abandon()
    {
        LeaveRow();
        statements.EndCurrent();
        _phase = StatementPhase.Ended;
    }

    public void KeepForReturn() => statements.KeepForReturn(isRunning: !NeedsNext);

    /// <summary>Gives back what the statements have taken, wherever they stand.</summary>
    public void GiveBack()
    {
        LeaveRow();
        statements.GiveBack();
    }

    public void UndoOwnTransaction()
    {
        if (OwnsTransaction)
        {
            OwnsTransaction = false;
            Physical.Abort();
        }
    }

    private void EnterRow()
    {
        statements.EnterRow();
        CanReadOn = Current.IsReadOnly;
    }

    private void LeaveRow()
    {
        statements.LeaveRow();
        CanReadOn = false;
    }

    private WriteBlocker TryBegin(Operation operation, IStatementLease lease)
    {
        PhysicalConnection physical = Physical;
        Statement statement = Current;
        if (!Admission.TryEnterGate(physical, statement))
        {
            return
                operation is Operation.NonQuery or Operation.Scalar
                && Admission.CanBeCombined(physical, statements.Text!, statement)
                ? WriteBlocker.GateForCombinedWrite
                : WriteBlocker.Gate;
        }

        if (physical.HasForeignFunctions)
        {
            // A function that the statement calls may need a lease inside it, and must not ask for the gate.
            physical.MarkAmbientGate(lease.LeaseId, statements.Sql);
        }

        // Where readers can be in the way of its commit, a statement whose rows are shown before that could not be run
        // again.
        if (
            statement is { ReturnsWhatItWrites: true, NeedsGate: true }
            && operation is Operation.Reader or Operation.NextResult
            && physical.CommitsMeetReaders
            && !physical.IsInTransaction
        )
        {
            OwnsTransaction = physical.TryStep("BEGIN IMMEDIATE");
            return OwnsTransaction ? WriteBlocker.None : WriteBlocker.Lock;
        }

        return WriteBlocker.None;
    }

    private void NoteEnd()
    {
        PhysicalConnection physical = Physical;
        Statement statement = Current;
        _changes.End(physical, statement, statements);
        statements.EndCurrent();
        if (statement.NeedsGate)
        {
            physical.NoteWrite();
        }

        if (statement.ControlsTransaction)
        {
            NoteTransaction(physical, statement);
        }

        _isFirstRowPending = false;
        _phase = OwnsTransaction && !statements.IsBatch ? StatementPhase.Committing : StatementPhase.Ended;
    }

    private void NoteTransaction(PhysicalConnection physical, Statement statement)
    {
        physical.NoteTransaction();
        if (statement.IsRollback)
        {
            physical.ForgetWrites();
        }

        if (statements.IsOwn)
        {
            OwnsTransaction = physical.IsInTransaction;
        }
    }

    private WriteBlocker Commit()
    {
        if (!Physical.TryStep("COMMIT"))
        {
            return WriteBlocker.Lock;
        }

        OwnsTransaction = false;
        _phase = StatementPhase.Ended;
        return WriteBlocker.None;
    }
}
