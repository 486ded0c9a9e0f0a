using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// What each operation does with the statements of a text or a batch. None of the calls waits: what is in the way is
/// answered, and the same call made again goes on from where it stood.
/// </summary>
internal sealed class StatementRun
{
    private readonly StatementSequence _statements;
    private readonly StatementStepper _stepper;
    private IStatementLease? _lease;
    private bool _isBatch;
    private bool _hasFailed;
    private bool _hasValue;
    private bool _hasShownResult;

    public StatementRun(ExecutionLimits limits)
    {
        _statements = new StatementSequence(limits);
        _stepper = new StatementStepper(_statements);
    }

    /// <summary>Set by the first call, inside the lease.</summary>
    public PhysicalConnection? Physical
    {
        get => _statements.Physical;
        set => _statements.Physical = value;
    }

    /// <summary>The text that is being run.</summary>
    public string Sql => _statements.Sql;

    /// <summary>The statement of the current result.</summary>
    public Statement? Statement => _statements.Current;

    /// <inheritdoc cref="StatementStepper.Values"/>
    public Statement? Values => _stepper.Values;

    /// <inheritdoc cref="OpenStatement"/>
    public OpenStatement? Open => _statements.Open;

    public bool HasRow => _stepper.HasRow;

    public bool HasRows => _stepper.HasRows;

    /// <summary>True when it stands on a row of a statement that only reads.</summary>
    public bool CanReadOn => _stepper.CanReadOn;

    public int RecordsAffected => _stepper.RecordsAffected;

    /// <summary>The first value of the first result.</summary>
    public object? Value { get; private set; }

    public bool IsClosed => _statements.IsGivenBack;

    public void Begin(IStatementLease lease, string sql, SqliteParameterCollection? parameters, bool isCommand)
    {
        _lease = lease;
        _statements.Begin(lease, sql, parameters, isCommand);
    }

    /// <summary>A batch: errors that the end of its reader meets are told as well.</summary>
    public void Begin(IStatementLease lease, IReadOnlyList<BatchText> texts)
    {
        _lease = lease;
        _isBatch = true;
        _statements.Begin(lease, texts);
    }

    /// <summary>As new, wherever it stood.</summary>
    public void Clear()
    {
        _lease = null;
        Value = null;
        _isBatch = _hasFailed = _hasValue = _hasShownResult = false;
        _statements.Clear();
        _stepper.Clear();
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
                _stepper.Read();
                return WriteBlocker.None;
            case Operation.Reader:
                WriteBlocker first = ToNextResult(operation);
                if (first == WriteBlocker.None)
                {
                    // Without rows as well the reader stays open, and is closed with its lease.
                    KeepForReturn();
                }

                return first;
            case Operation.NextResult:
                EndResult();
                return ToNextResult(operation);
            case Operation.Close:
                return Close();
            default:
                return RunAll(operation);
        }
    }

    /// <inheritdoc cref="StatementStepper.TryReadOn"/>
    public bool TryReadOn() => _stepper.TryReadOn();

    /// <inheritdoc cref="StatementStepper.StartAgain"/>
    public void StartAgain() => _stepper.StartAgain();

    /// <inheritdoc cref="StatementSequence.KeepForReturn"/>
    public void KeepForReturn() => _stepper.KeepForReturn();

    /// <summary>After an exception: a read leaves the run at the end of its result, everything else ends it.</summary>
    public void Abandon(Operation operation)
    {
        _hasFailed = true;
        if (IsClosed)
        {
            return;
        }

        if (operation == Operation.Read)
        {
            _stepper.Abandon();
        }
        else
        {
            _stepper.GiveBack();
        }

        _statements.UndoOwnTransaction();
    }

    private WriteBlocker RunAll(Operation operation)
    {
        for (; ; )
        {
            if (_stepper.HasNoResult)
            {
                WriteBlocker blocker = ToNextOrEnd(operation);
                if (blocker != WriteBlocker.None)
                {
                    return blocker;
                }

                if (Statement is null)
                {
                    _stepper.GiveBack();
                    return WriteBlocker.None;
                }
            }

            if (operation == Operation.Scalar && !_hasValue)
            {
                Value = _stepper.FirstValue;
            }

            EndResult();
            _hasValue = true;
        }
    }

    private WriteBlocker ToNextOrEnd(Operation operation)
    {
        try
        {
            return ToNextResult(operation);
        }
        catch (Exception e)
            when (operation == Operation.Close
                && _hasShownResult
                && !_isBatch
                && e is InvalidOperationException or SqliteException { SqliteErrorCode: not raw.SQLITE_INTERRUPT }
            )
        {
            // As with the driver, whose users dispose a reader without expecting it to throw because of another
            // statement. ExecuteNonQuery and ExecuteScalar do tell, unlike the driver's: a write that failed must not
            // look stored.
            Abandon(operation);
            return WriteBlocker.None;
        }
    }

    private WriteBlocker Close()
    {
        if (IsClosed)
        {
            return WriteBlocker.None;
        }

        EndResult();
        if (_hasFailed)
        {
            _stepper.GiveBack();
            return WriteBlocker.None;
        }

        return RunAll(Operation.Close);
    }

    /// <summary>
    /// Runs statements up to the next that answers rows; <see cref="Statement"/> is null when there is none.
    /// </summary>
    private WriteBlocker ToNextResult(Operation operation)
    {
        for (; ; )
        {
            if (_stepper.NeedsNext)
            {
                WriteBlocker blocked = _stepper.MoveNext();
                if (blocked != WriteBlocker.None || Statement is null)
                {
                    return blocked;
                }
            }

            WriteBlocker blocker = _stepper.Start(operation, _lease!);
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

    private void EndResult()
    {
        bool showedRows = Statement is { HasColumns: true };
        _stepper.End();
        _hasShownResult |= showedRows && Statement is null;
    }
}
