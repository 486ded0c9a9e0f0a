using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The state of a run, and its steps: prepare, admit, bind, enter the gate, step, end. None of them waits: what is in the way
/// is answered, and the same call made again goes on from where it stood.
/// </summary>
internal sealed class StatementRun(Action checkTime)
{
    private IStatementLease? _lease;
    private SqliteParameterCollection? _parameters;
    private IReadOnlyList<BatchText>? _batch;
    private int _batchIndex;
    private PreparedText? _text;
    private int _index;
    private Phase _phase;
    private OpenStatement? _open;

    // What SQLite has answered to a step, and was not dealt with yet.
    private int? _answered;
    private bool _isFirstRowPending;
    private bool _hasFailed;
    private bool _hasValue;
    private bool _isCommand = true;
    private bool _hasShownResult;
    private bool _isClosed;
    private int _changesBefore;

    // A transaction that the pool has begun for this run alone.
    private bool _ownsTransaction;

    private enum Phase
    {
        /// <summary>The next statement is to be prepared.</summary>
        Between,

        /// <summary>Prepared and bound, not stepped.</summary>
        Ready,

        /// <summary>Stands on a row.</summary>
        Row,

        /// <summary>Has ended, and its transaction is to be committed.</summary>
        Committing,

        /// <summary>Has ended; its columns can still be asked for.</summary>
        Ended,
    }

    /// <summary>Set by each call, inside the lease.</summary>
    public PhysicalConnection? Physical { get; set; }

    public string Sql { get; private set; } = "";

    /// <summary>The statement of the current result.</summary>
    public Statement? Statement { get; private set; }

    public bool HasRow { get; private set; }

    /// <summary>True when it stands on a row of a statement that only reads.</summary>
    public bool CanReadOn => HasRow && _phase == Phase.Row && !_isFirstRowPending && _answered is null && Statement!.IsReadOnly;

    public bool HasRows { get; private set; }

    public int RecordsAffected { get; private set; } = -1;

    public object? Value { get; private set; }

    public bool IsClosed => _isClosed || _open is { IsFinished: true };

    private sqlite3_stmt Native => Statement!.Native;

    public void Begin(IStatementLease lease, string sql, SqliteParameterCollection? parameters, bool isCommand)
    {
        _isCommand = isCommand;
        _lease = lease;
        Sql = sql;
        _parameters = parameters;
    }

    public void Begin(IStatementLease lease, IReadOnlyList<BatchText> texts)
    {
        _lease = lease;
        _batch = texts;
        Sql = texts.Count > 0 ? texts[0].Sql : "";
        _parameters = texts.Count > 0 ? texts[0].Parameters : null;
    }

    /// <summary>
    /// As new, also where its lease went back in the middle: what is left here belongs to another connection by then.
    /// </summary>
    public void Clear()
    {
        _lease = null;
        _parameters = null;
        _batch = null;
        _text = null;
        _open = null;
        _answered = null;
        _index = _batchIndex = _changesBefore = 0;
        _phase = Phase.Between;
        _isFirstRowPending = _hasFailed = _hasValue = _hasShownResult = _isClosed = _ownsTransaction = false;
        Physical = null;
        Statement = null;
        Value = null;
        Sql = "";
        HasRow = HasRows = false;
        RecordsAffected = -1;
    }

    /// <summary>Does a call as far as it goes.</summary>
    /// <returns>What is in the way; the same call is to be made again then.</returns>
    /// <exception cref="SqliteException">SQLite refuses something.</exception>
    /// <exception cref="InvalidOperationException">The lease does not allow it, or a value is missing.</exception>
    public WriteBlocker Proceed(Operation operation)
    {
        switch (operation)
        {
            case Operation.Read:
                return Read();
            case Operation.Reader:
                WriteBlocker first = ToNextResult(operation);
                if (first == WriteBlocker.None && Statement is null)
                {
                    // Without rows as well the reader stays open, and is closed with its lease.
                    KeepForReturn();
                }

                return first;
            case Operation.NextResult:
                WriteBlocker blocker = EndResult(operation);
                return blocker != WriteBlocker.None ? blocker : ToNextResult(operation);
            case Operation.Close:
                return Close();
            default:
                return RunAll(operation);
        }
    }

    /// <summary>A statement that SQLite has undone is to be run again.</summary>
    public void StartAgain()
    {
        _ = raw.sqlite3_reset(Native);
        _phase = Phase.Ready;
        HasRow = false;
    }

    /// <summary>What is held across a wait is made known to the connection, which ends it when the lease goes back.</summary>
    public void KeepForReturn()
    {
        if (_open is null && _text is not null)
        {
            _open = new OpenStatement(_text) { Current = _phase is Phase.Between or Phase.Ended ? null : Statement };
            Physical!.Add(_open);
        }
    }

    /// <summary>Something was thrown: a read leaves the run at the end of its result, everything else ends it.</summary>
    public void Abandon(Operation operation)
    {
        _hasFailed = true;
        HasRow = false;
        if (IsClosed)
        {
            return;
        }

        if (operation == Operation.Read)
        {
            _ = Statement?.Reset();
            NoteUnderWay(null);
            _phase = Phase.Ended;
        }
        else
        {
            GiveBack();
        }

        UndoOwnTransaction();
    }

    private WriteBlocker RunAll(Operation operation)
    {
        for (; ; )
        {
            if (_phase is Phase.Between or Phase.Ready)
            {
                WriteBlocker blocker = ToNextOrEnd(operation);
                if (blocker != WriteBlocker.None)
                {
                    return blocker;
                }

                if (Statement is null)
                {
                    GiveBack();
                    return WriteBlocker.None;
                }
            }

            if (operation == Operation.Scalar && !_hasValue)
            {
                Value = HasRows ? ColumnValue.ToObject(Native, 0) : null;
            }

            WriteBlocker end = EndResult(operation);
            if (end != WriteBlocker.None)
            {
                return end;
            }

            _hasValue = true;
        }
    }

    private WriteBlocker ToNextOrEnd(Operation operation)
    {
        try
        {
            return ToNextResult(operation);
        }
        catch (Exception e) when (operation == Operation.Close && _hasShownResult && _batch is null
            && e is InvalidOperationException or SqliteException { SqliteErrorCode: not raw.SQLITE_INTERRUPT })
        {
            // As with the driver, whose users dispose a reader without expecting it to throw because of another statement.
            // ExecuteNonQuery and ExecuteScalar do tell, unlike the driver's: a write that failed must not look stored.
            Abandon(operation);
            return WriteBlocker.None;
        }
    }

    private WriteBlocker Close()
    {
        if (_isClosed)
        {
            return WriteBlocker.None;
        }

        WriteBlocker blocker = EndResult(Operation.Close);
        if (blocker != WriteBlocker.None)
        {
            return blocker;
        }

        if (_hasFailed)
        {
            GiveBack();
            return WriteBlocker.None;
        }

        return RunAll(Operation.Close);
    }

    /// <summary>Goes on to the next row; false when SQLite has answered anything else, which <see cref="Read"/> takes up.</summary>
    public bool TryReadOn()
    {
        int result = raw.sqlite3_step(Native);
        if (result == raw.SQLITE_ROW)
        {
            return HasRow = true;
        }

        _answered = result;
        return false;
    }

    private WriteBlocker Read()
    {
        HasRow = false;
        if (_phase == Phase.Row)
        {
            if (_isFirstRowPending)
            {
                _isFirstRowPending = false;
                HasRow = true;
                return WriteBlocker.None;
            }

            int result = _answered ?? Physical!.Stop.Step(Native);
            _answered = null;
            if (result == raw.SQLITE_ROW)
            {
                HasRow = true;
                return WriteBlocker.None;
            }

            NoteUnderWay(null);
            ThrowUnlessStored(result);
            Ended();
        }

        return _phase == Phase.Committing ? Commit() : WriteBlocker.None;
    }

    /// <summary>Runs statements up to the next that answers rows; <see cref="Statement"/> is null when there is none.</summary>
    private WriteBlocker ToNextResult(Operation operation)
    {
        for (; ; )
        {
            if (_phase is Phase.Between or Phase.Ended)
            {
                _phase = Phase.Between;
                WriteBlocker blocked = Prepare();
                if (blocked != WriteBlocker.None || Statement is null)
                {
                    return blocked;
                }
            }

            WriteBlocker blocker = _phase == Phase.Committing ? Commit() : Start(operation);
            if (blocker != WriteBlocker.None)
            {
                return blocker;
            }

            if (Statement!.HasColumns)
            {
                return WriteBlocker.None;
            }
        }
    }

    /// <summary>Makes the next statement ready to be stepped; <see cref="Statement"/> is null when there is none.</summary>
    private WriteBlocker Prepare()
    {
        PhysicalConnection physical = Physical!;
        for (; ; )
        {
            Statement = null;
            HasRows = false;
            if (_text is null)
            {
                _text = physical.Statements.Take(Sql, _isCommand);
                if (_lease!.Role == SqlitePoolConnectionRole.Reader && Admission.CheckAll(_lease, _text) is not raw.SQLITE_OK and int refused)
                {
                    return Blocked(refused);
                }
            }

            int result = physical.TryGet(_text, _index, out Statement? statement);
            if (result != raw.SQLITE_OK)
            {
                return Blocked(result);
            }

            if (statement is not null)
            {
                MakeReady(statement);
                return WriteBlocker.None;
            }

            if (!TryNextText())
            {
                return WriteBlocker.None;
            }
        }
    }

    private WriteBlocker Blocked(int result)
    {
        if (!Physical!.IsLocked(result))
        {
            Physical.ThrowUnlessDone(result);
        }

        return WriteBlocker.Lock;
    }

    private void MakeReady(Statement statement)
    {
        if (_index > 0 || _batchIndex > 0)
        {
            checkTime();
            _text!.Passed(_index);
        }

        if (_lease!.IsForItem)
        {
            Admission.Check(_lease, statement);
        }

        if (_batch is not null && _ownsTransaction && statement.ControlsTransaction && !_batch[_batchIndex].IsOwn)
        {
            throw new InvalidOperationException(
                "A batch outside a transaction is run as one: its commands can neither begin nor end a transaction. Begin one "
                + "yourself, and set the batch's Transaction.");
        }

        ParameterBinder.Bind(statement, _parameters);
        Statement = statement;
        _index++;
        _phase = Phase.Ready;
        if (_open is not null)
        {
            _open.Current = statement;
        }
    }

    private bool TryNextText()
    {
        if (_batch is null || _batchIndex + 1 >= _batch.Count)
        {
            return false;
        }

        Physical!.Statements.PutBack(_text!);
        BatchText next = _batch[++_batchIndex];
        Sql = next.Sql;
        _parameters = next.Parameters;
        _index = 0;
        _text = null;
        _text = Physical.Statements.Take(Sql);
        if (_open is not null)
        {
            _open.Text = _text;
        }

        return true;
    }

    private WriteBlocker Start(Operation operation)
    {
        PhysicalConnection physical = Physical!;
        Statement statement = Statement!;
        if (!Admission.TryEnterGate(physical, statement))
        {
            return operation is Operation.NonQuery or Operation.Scalar && Admission.CanBeCombined(physical, _text!, statement)
                ? WriteBlocker.GateForCombinedWrite
                : WriteBlocker.Gate;
        }

        if (physical.HasForeignFunctions)
        {
            // A function that the statement calls may need a lease inside it, and must not ask for the gate.
            physical.MarkAmbientGate(_lease!.LeaseId, Sql);
        }

        // Where readers can be in the way of its commit, a statement whose rows are shown before that could not be run again.
        if (statement is { ReturnsWhatItWrites: true, NeedsGate: true } && operation is Operation.Reader or Operation.NextResult
            && physical.CommitsMeetReaders && !physical.IsInTransaction)
        {
            if (!physical.TryStep("BEGIN IMMEDIATE"))
            {
                return WriteBlocker.Lock;
            }

            _ownsTransaction = true;
        }

        _changesBefore = statement.IsReadOnly ? 0 : raw.sqlite3_total_changes(physical.Handle);
        int result = physical.Stop.Step(statement.Native);
        while (result == raw.SQLITE_ROW && !statement.HasColumns)
        {
            result = physical.Stop.Step(statement.Native);
        }

        if (result == raw.SQLITE_ROW)
        {
            _phase = Phase.Row;
            HasRows = _isFirstRowPending = true;
            if (operation is Operation.Reader or Operation.NextResult)
            {
                KeepForReturn();
                NoteUnderWay(statement);
            }

            return WriteBlocker.None;
        }

        if (physical.IsLocked(result))
        {
            // Its values stay bound.
            _ = raw.sqlite3_reset(statement.Native);
            return WriteBlocker.Lock;
        }

        physical.ThrowUnlessDone(result);
        Ended();
        if (operation is Operation.Reader or Operation.NextResult && statement.HasColumns)
        {
            KeepForReturn();
        }

        return _phase == Phase.Committing ? Commit() : WriteBlocker.None;
    }

    /// <summary>Ends the current result, whatever rows are left.</summary>
    private WriteBlocker EndResult(Operation operation)
    {
        HasRow = false;
        if (_phase == Phase.Row)
        {
            NoteUnderWay(null);
            int result = raw.sqlite3_reset(Native);
            if (!Statement!.IsReadOnly)
            {
                if (operation is Operation.NonQuery or Operation.Scalar && Physical!.IsLocked(result))
                {
                    // Nobody has seen its rows, so it can be run again.
                    _phase = Phase.Ready;
                    return WriteBlocker.Lock;
                }

                ThrowUnlessStored(result);
            }

            Ended();
        }

        WriteBlocker blocker = _phase == Phase.Committing ? Commit() : WriteBlocker.None;
        if (blocker == WriteBlocker.None && _phase == Phase.Ended)
        {
            _hasShownResult |= Statement is { HasColumns: true };
            Statement = null;
            _phase = Phase.Between;
        }

        return blocker;
    }

    // With RETURNING everything is written before the first row; foreign keys are checked, and it is committed, at the end.
    private void ThrowUnlessStored(int result)
    {
        if (Statement!.IsReadOnly || (result & 0xff) is not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED))
        {
            Physical!.ThrowUnlessDone(result);
        }
        else
        {
            throw StatementErrors.NotStored(Physical!, result);
        }
    }

    private void Ended()
    {
        PhysicalConnection physical = Physical!;
        Statement statement = Statement!;
        CountChanges(physical, statement);
        _ = statement.Reset();
        if (_open is not null)
        {
            _open.Current = null;
        }

        if (statement.NeedsGate)
        {
            physical.NoteWrite();
        }

        if (statement.ControlsTransaction)
        {
            NoteTransaction(physical, statement);
        }

        _isFirstRowPending = false;
        _phase = _ownsTransaction && _batch is null ? Phase.Committing : Phase.Ended;
    }

    private void NoteTransaction(PhysicalConnection physical, Statement statement)
    {
        physical.NoteTransaction();
        if (statement.IsRollback)
        {
            physical.ForgetWrites();
        }

        if (_batch is not null && _batch[_batchIndex].IsOwn)
        {
            _ownsTransaction = physical.IsInTransaction;
        }
    }

    private void CountChanges(PhysicalConnection physical, Statement statement)
    {
        if (statement.IsReadOnly && statement.HasColumns)
        {
            return;
        }

        // SQLite keeps the last number for statements that change no row.
        bool hasChanged = !statement.IsReadOnly && raw.sqlite3_total_changes(physical.Handle) != _changesBefore;
        int changes = hasChanged ? raw.sqlite3_changes(physical.Handle) : 0;
        if (_batch is null)
        {
            RecordsAffected = Math.Max(0, RecordsAffected) + changes;
        }
        else if (!_batch[_batchIndex].IsOwn)
        {
            RecordsAffected = Math.Max(0, RecordsAffected) + changes;
            _batch[_batchIndex].AddChanges(changes);
        }
    }

    private WriteBlocker Commit()
    {
        if (!Physical!.TryStep("COMMIT"))
        {
            return WriteBlocker.Lock;
        }

        _ownsTransaction = false;
        _phase = Phase.Ended;
        return WriteBlocker.None;
    }

    private void GiveBack()
    {
        HasRow = false;
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        if (_open is not null)
        {
            _ = Physical!.Finish(_open);
        }
        else
        {
            _ = Statement?.Reset();
            if (_text is not null)
            {
                Physical!.Statements.PutBack(_text);
            }
        }

        Statement = null;
        _text = null;
    }

    private void UndoOwnTransaction()
    {
        if (_ownsTransaction)
        {
            _ownsTransaction = false;
            Physical!.Abort();
        }
    }

    private void NoteUnderWay(Statement? statement)
    {
        if (_open is not null)
        {
            _open.IsUnderWay = statement is not null;
        }
    }
}
