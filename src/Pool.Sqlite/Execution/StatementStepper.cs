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

    private readonly ReturnedRows _returned = new(statements);

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

    /// <summary>The first value of the first row, of <see cref="Operation.Scalar"/>.</summary>
    public object? FirstValue { get; private set; }

    /// <summary>True when the next statement is to be prepared.</summary>
    public bool NeedsNext => _phase is StatementPhase.Between or StatementPhase.Ended;

    /// <summary>True when there is no result to be ended.</summary>
    public bool HasNoResult => _phase is StatementPhase.Between or StatementPhase.Ready;

    /// <summary>True when it stands on a row of a statement that only reads.</summary>
    public bool CanReadOn { get; private set; }

    /// <summary>The statement that has the values of the current result.</summary>
    public Statement? Values => _returned.Shown ?? statements.Current;

    private Statement Current => statements.Current!;

    private sqlite3_stmt Native => statements.Current!.Native;

    private PhysicalConnection Physical => statements.Physical!;

    /// <summary>As new.</summary>
    public void Clear()
    {
        _phase = StatementPhase.Between;
        _answered = Nothing;
        _changes = ChangeCount.None;
        _isFirstRowPending = CanReadOn = HasRows = false;
        FirstValue = null;
        _returned.Clear();
    }

    /// <inheritdoc cref="StatementSequence.MoveNext"/>
    public WriteBlocker MoveNext()
    {
        _phase = StatementPhase.Between;
        HasRows = false;
        FirstValue = null;
        WriteBlocker blocker = statements.MoveNext();
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
        _returned.Clear();
        HasRows = false;
        FirstValue = null;
        LeaveRow();
    }

    /// <summary>
    /// Runs the statement up to its first row if it only reads, and to its end if it writes: the write gate is not held
    /// while rows are read, and what is refused at the end can still be run again.
    /// </summary>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    public WriteBlocker Start(Operation operation, IStatementLease lease)
    {
        WriteBlocker blocker = TryEnter(operation, lease);
        if (blocker != WriteBlocker.None)
        {
            return blocker;
        }

        PhysicalConnection physical = Physical;
        Statement statement = Current;
        bool isKept = IsKept(statement, operation);
        blocker = isKept ? _returned.TryBegin() : WriteBlocker.None;
        if (blocker != WriteBlocker.None)
        {
            return blocker;
        }

        _changes.Begin(physical, statement);
        int result = physical.Stop.Step(statement.Native);
        if (result == raw.SQLITE_ROW && statement.HasColumns)
        {
            HasRows = true;
            if (operation == Operation.Scalar)
            {
                FirstValue = ColumnValue.ToObject(statement.Native, 0);
            }

            if (statement.IsReadOnly)
            {
                BeginRows();
                return WriteBlocker.None;
            }
        }

        while (result == raw.SQLITE_ROW)
        {
            if (isKept)
            {
                _returned.Add();
            }

            result = physical.Stop.Step(statement.Native);
        }

        if (physical.IsLocked(result))
        {
            // Its values stay bound.
            StartAgain();
            return WriteBlocker.Lock;
        }

        physical.ThrowUnlessDone(result);
        _changes.Measure(physical, statement);
        NoteEnd();
        if (isKept && _returned.TryShowFirst())
        {
            BeginRows();
        }
        else
        {
            EndResult();
        }

        return WriteBlocker.None;
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
    public void Read()
    {
        LeaveRow();
        if (_phase != StatementPhase.Row)
        {
            return;
        }

        if (_isFirstRowPending)
        {
            _isFirstRowPending = false;
            EnterRow();
        }
        else if (_returned.Any ? _returned.TryShowNext() : TryStepOn())
        {
            EnterRow();
        }
        else
        {
            EndRows();
        }
    }

    /// <summary>Ends the current result, whatever rows are left.</summary>
    public void End()
    {
        LeaveRow();
        if (_phase == StatementPhase.Row)
        {
            EndRows();
        }

        if (_phase == StatementPhase.Ended)
        {
            statements.Leave();
            _phase = StatementPhase.Between;
        }
    }

    /// <summary>Ends the current result after an error.</summary>
    public void Abandon()
    {
        LeaveRow();
        statements.EndCurrent();
        _returned.End();
        _phase = StatementPhase.Ended;
    }

    public void KeepForReturn() => statements.KeepForReturn(isRunning: !NeedsNext);

    /// <summary>Gives back what the statements have taken, wherever they stand.</summary>
    public void GiveBack()
    {
        LeaveRow();
        _returned.Clear();
        statements.GiveBack();
    }

    // Where no reader shows the rows of a write, they are skipped.
    private static bool IsKept(Statement statement, Operation operation) =>
        statement is { HasColumns: true, IsReadOnly: false } && operation is Operation.Reader or Operation.NextResult;

    private void BeginRows()
    {
        _phase = StatementPhase.Row;
        _isFirstRowPending = true;
    }

    private void EnterRow()
    {
        statements.EnterRow(Values!.Native);
        CanReadOn = Current.IsReadOnly;
    }

    private void LeaveRow()
    {
        statements.LeaveRow();
        CanReadOn = false;
    }

    private WriteBlocker TryEnter(Operation operation, IStatementLease lease)
    {
        PhysicalConnection physical = Physical;
        Statement statement = Current;
        if (!Admission.TryEnterGate(physical, statement))
        {
            return operation <= Operation.Reader && Admission.CanBeCombined(physical, statements.Text!, statement)
                ? WriteBlocker.GateForCombinedWrite
                : WriteBlocker.Gate;
        }

        if (physical.HasForeignFunctions)
        {
            // A function that the statement calls may need a lease inside it, and must not ask for the gate.
            physical.MarkAmbientGate(lease.LeaseId, statements.Sql);
        }

        return WriteBlocker.None;
    }

    private bool TryStepOn()
    {
        int result = _answered != Nothing ? _answered : Physical.Stop.Step(Native);
        _answered = Nothing;
        Physical.ThrowUnlessDone(result);
        return result == raw.SQLITE_ROW;
    }

    /// <summary>SQLite has come to the end of the statement.</summary>
    private void NoteEnd()
    {
        PhysicalConnection physical = Physical;
        Statement statement = Current;
        statements.EndCurrent();
        if (statement.NeedsGate)
        {
            physical.NoteWrite();
        }

        if (statement.ControlsTransaction)
        {
            statements.NoteTransaction(statement);
        }
    }

    private void EndRows()
    {
        if (_returned.Any)
        {
            _returned.End();
        }
        else
        {
            NoteEnd();
        }

        EndResult();
    }

    private void EndResult()
    {
        _changes.Add(Current, statements);
        _isFirstRowPending = false;
        _phase = StatementPhase.Ended;
    }
}
