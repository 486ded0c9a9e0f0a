using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The statements of one text, or of the texts of a batch, in their order: each is prepared and bound when its turn
/// comes. What is taken from the connection for that is given back exactly once: here, or by the connection when the
/// lease goes back in the middle.
/// </summary>
internal sealed class StatementSequence(ExecutionLimits limits)
{
    private IStatementLease? _lease;
    private SqliteParameterCollection? _parameters;
    private IReadOnlyList<BatchText>? _batch;
    private int _batchIndex;
    private int _index;
    private bool _isCommand;
    private bool _isGivenBack;
    private OpenStatement? _open;

    // A transaction that a text of the pool's own has begun, for this batch alone.
    private bool _ownsTransaction;

    /// <summary>Set by the first call, inside the lease.</summary>
    public PhysicalConnection? Physical { get; set; }

    /// <summary>The text that is being run.</summary>
    public string Sql { get; private set; } = "";

    /// <summary>
    /// What is prepared of <see cref="Sql"/>; null before the first statement, and once it is given back.
    /// </summary>
    public PreparedText? Text { get; private set; }

    /// <summary>The statement whose turn it is; null when there is none.</summary>
    public Statement? Current { get; private set; }

    public bool IsBatch => _batch is not null;

    /// <summary>True for a text of a batch that the pool has added, to run the others in a transaction.</summary>
    public bool IsOwn => _batch is not null && _batch[_batchIndex].IsOwn;

    public bool IsGivenBack => _isGivenBack || _open is { IsFinished: true };

    /// <inheritdoc cref="OpenStatement"/>
    public OpenStatement? Open => _open;

    /// <summary>True while the current statement stands on a row that is shown.</summary>
    public bool HasRow => _open is { Row: not null };

    public void Begin(IStatementLease lease, string sql, SqliteParameterCollection? parameters, bool isCommand)
    {
        _lease = lease;
        _isCommand = isCommand;
        Sql = sql;
        _parameters = parameters;
    }

    public void Begin(IStatementLease lease, IReadOnlyList<BatchText> texts)
    {
        _lease = lease;
        _isCommand = true;
        _batch = texts;
        Sql = texts.Count > 0 ? texts[0].Sql : "";
        _parameters = texts.Count > 0 ? texts[0].Parameters : null;
    }

    /// <summary>As new, wherever it stood. What is not given back then, the connection gives back.</summary>
    public void Clear()
    {
        _lease = null;
        Physical = null;
        _parameters = null;
        _batch = null;
        _open = null;
        Text = null;
        Current = null;
        Sql = "";
        _index = _batchIndex = 0;
        _isGivenBack = _ownsTransaction = false;
    }

    /// <summary>
    /// Makes the next statement ready to be stepped; <see cref="Current"/> is null when there is none.
    /// </summary>
    /// <returns>What is in the way; the same call is to be made again then.</returns>
    /// <exception cref="SqliteException">SQLite cannot prepare it.</exception>
    /// <exception cref="InvalidOperationException">The lease does not allow it, or a value is missing.</exception>
    public WriteBlocker MoveNext()
    {
        PhysicalConnection physical = Physical!;
        for (; ; )
        {
            Current = null;
            if (Text is null)
            {
                Text = physical.Statements.Take(Sql, _isCommand);
                if (
                    _lease!.Role == SqlitePoolConnectionRole.Reader
                    && Admission.CheckAll(_lease, Text) is not raw.SQLITE_OK and int refused
                )
                {
                    return Blocked(refused);
                }
            }

            int result = physical.TryGet(Text, _index, out Statement? statement);
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

    /// <summary>The run of the current statement is over. Its columns can still be asked for.</summary>
    public void EndCurrent()
    {
        _ = Current?.Reset();
        if (_open is not null)
        {
            _open.Current = null;
        }
    }

    /// <summary>The row that a statement stands on is shown, until <see cref="LeaveRow"/>.</summary>
    public void EnterRow(sqlite3_stmt row) => _open!.Row = row;

    public void LeaveRow()
    {
        if (_open is not null)
        {
            _open.Row = null;
        }
    }

    /// <summary>A statement has begun or ended a transaction.</summary>
    public void NoteTransaction(Statement statement)
    {
        Physical!.NoteTransaction();
        if (statement.IsRollback)
        {
            Physical.ForgetWrites();
        }

        if (IsOwn)
        {
            _ownsTransaction = Physical.IsInTransaction;
        }
    }

    /// <summary>Rolls back the transaction that was begun for this batch alone, if there is one.</summary>
    public void UndoOwnTransaction()
    {
        if (_ownsTransaction)
        {
            _ownsTransaction = false;
            Physical!.Abort();
        }
    }

    /// <summary>There is no current statement any more.</summary>
    public void Leave() => Current = null;

    /// <summary>
    /// What is held between calls is made known to the connection, which ends it when the lease goes back.
    /// </summary>
    /// <param name="isRunning">True when the current statement is bound or under way.</param>
    public void KeepForReturn(bool isRunning)
    {
        if (_open is null && Text is not null)
        {
            _open = new OpenStatement(Text) { Current = isRunning ? Current : null };
            Physical!.Add(_open);
        }
    }

    /// <summary>
    /// What shows the rows of the current statement, until <see cref="PutBackReplay"/>. To be taken before that runs:
    /// nothing is to fail once it has written.
    /// </summary>
    /// <param name="width">The number of columns.</param>
    /// <param name="replay">The statement; null when something is in the way.</param>
    /// <returns>What is in the way.</returns>
    public WriteBlocker TakeReplay(int width, out Statement? replay)
    {
        KeepForReturn(isRunning: true);
        string sql = ReturnedRows.ReplaySql(width);
        if (_open!.Replay?.Sql != sql)
        {
            PutBackReplay();
            _open.Replay = Physical!.Statements.Take(sql, isCommand: false);
        }

        int result = Physical!.TryGetReplay(_open.Replay!, width, out replay);
        return result == raw.SQLITE_OK ? WriteBlocker.None : Blocked(result);
    }

    public void PutBackReplay()
    {
        if (_open is not null)
        {
            Physical!.OpenStatements.EndReplay(_open);
        }
    }

    public void GiveBack()
    {
        if (_isGivenBack)
        {
            return;
        }

        _isGivenBack = true;
        if (_open is not null)
        {
            _ = Physical!.Finish(_open);
        }
        else
        {
            _ = Current?.Reset();
            if (Text is not null)
            {
                Physical!.Statements.PutBack(Text);
            }
        }

        Current = null;
        Text = null;
    }

    /// <summary>Tells a batch what the current text has changed.</summary>
    /// <returns>False for a text of the pool's own, which counts for nothing.</returns>
    public bool NoteChanges(int changes)
    {
        if (IsOwn)
        {
            return false;
        }

        _batch?[_batchIndex].AddChanges(changes);
        return true;
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
            limits.ThrowIfOver();
            Text!.Passed(_index);
        }

        if (_lease!.IsForItem)
        {
            Admission.Check(_lease, statement);
        }

        if (_ownsTransaction && statement.ControlsTransaction && !IsOwn)
        {
            throw new InvalidOperationException(
                "A batch outside a transaction is run as one: its commands can neither begin nor end a transaction. Begin one "
                    + "yourself, and set the batch's Transaction."
            );
        }

        ParameterBinder.Bind(statement, _parameters);
        Current = statement;
        _index++;
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

        Physical!.Statements.PutBack(Text!);
        BatchText next = _batch[++_batchIndex];
        Sql = next.Sql;
        _parameters = next.Parameters;
        _index = 0;
        Text = Physical.Statements.Take(Sql);
        if (_open is not null)
        {
            _open.Text = Text;
        }

        return true;
    }
}
