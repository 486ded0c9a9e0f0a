using System.Data.Common;
using System.Runtime.ExceptionServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The running of one command text, which may hold several statements, or of several texts: it stands on a row, between
/// rows, or between results. Each call waits, blocking or not, for what is in its way.
/// </summary>
/// <remarks>
/// <para>
/// Once its lease has gone back it is finished: <see cref="IsClosed"/> is true, <see cref="Native"/> is null, and
/// closing it does nothing. Reading a column needs no guard: the user of the lease reads, and <see cref="Native"/> says
/// whether there is still something to read from.
/// </para>
/// <para>
/// A thread keeps one cursor for its next execution. What may still refer to one that serves another execution by now,
/// as a reader does, passes the <see cref="Generation"/> of its own, and finds that closed.
/// </para>
/// </remarks>
internal sealed class StatementCursor
{
    [ThreadStatic]
    private static StatementCursor? _idle;

    private readonly StatementCall _call = new();
    private readonly StatementRun _run;

    private StatementCursor() => _run = _call.Run;

    /// <summary>The native connection, for blobs and for the text of errors.</summary>
    public sqlite3 Database => _run.Physical!.Handle;

    /// <summary>
    /// The native handle of the statement of the current result; null between and after results, and once closed.
    /// </summary>
    public sqlite3_stmt? Native => IsClosed ? null : _run.Statement?.Native;

    /// <summary>The native handle of the statement that has the values of the current result; null as well then.</summary>
    public sqlite3_stmt? Values => IsClosed ? null : _run.Values?.Native;

    /// <summary>What is open while a reader is; finished with the execution, and never used for another.</summary>
    public OpenStatement Open => _run.Open!;

    /// <summary>True when the current result has, or had, a row.</summary>
    public bool HasRows => _run.HasRows && !IsClosed;

    /// <summary>
    /// Rows changed by all statements that have ended so far; -1 while none of them could change any.
    /// </summary>
    public int RecordsAffected => _run.RecordsAffected;

    /// <summary>The first value of the first result, of <see cref="Operation.Scalar"/>.</summary>
    public object? Value => _run.Value;

    public bool IsClosed => _run.IsClosed;

    /// <inheritdoc cref="StatementCall.IsWhole"/>
    public bool IsWhole
    {
        set => _call.IsWhole = value;
    }

    /// <inheritdoc cref="StatementCall.LeavesSync"/>
    public bool LeavesSync
    {
        set => _call.LeavesSync = value;
    }

    /// <summary>The commit that the last call ended in.</summary>
    public CommitTicket Commit => _call.Commit;

    /// <summary>Changes with each execution.</summary>
    public int Generation => _call.Limits.Generation;

    /// <summary>A cursor for one execution of a text.</summary>
    /// <param name="lease">It runs there.</param>
    /// <param name="sql">The text.</param>
    /// <param name="parameters">Its values.</param>
    /// <param name="timeoutSeconds">The limit of each call but a read; 0 for none.</param>
    /// <param name="transaction">The transaction that the command says it belongs to.</param>
    /// <param name="isCommand">False for the pool's own, which would hide how the statement cache does.</param>
    public static StatementCursor For(
        IStatementLease lease,
        string sql,
        SqliteParameterCollection? parameters,
        int timeoutSeconds,
        DbTransaction? transaction,
        bool isCommand = true
    )
    {
        StatementCursor cursor = Take();
        cursor._call.Begin(lease, timeoutSeconds, transaction);
        cursor._run.Begin(lease, sql, parameters, isCommand);
        if (isCommand && lease.BeginCommand() is { } record)
        {
            record.Sql = sql;
            cursor._call.Record = record;
        }

        return cursor;
    }

    /// <summary>A cursor for several texts, which run as one.</summary>
    /// <param name="lease">It runs there.</param>
    /// <param name="texts">
    /// One after the other. When the first is the pool's own, it begins a transaction, which the last ends.
    /// </param>
    /// <param name="timeoutSeconds">The limit of each call.</param>
    /// <param name="transaction">The transaction that the batch says it belongs to.</param>
    public static StatementCursor For(
        IStatementLease lease,
        IReadOnlyList<BatchText> texts,
        int timeoutSeconds,
        DbTransaction? transaction
    )
    {
        StatementCursor cursor = Take();
        cursor._call.Begin(lease, timeoutSeconds, transaction);
        cursor._run.Begin(lease, texts);
        if (lease.BeginCommand() is { } record)
        {
            record.Sql = string.Join("; ", texts.Where(static text => !text.IsOwn).Select(static text => text.Sql));
            cursor._call.Record = record;
        }

        return cursor;
    }

    /// <summary>Keeps a cursor whose execution is over for the next one of this thread.</summary>
    public void Recycle()
    {
        EndRecord();
        if (_run is { Physical: not null, IsClosed: false })
        {
            // The call succeeded, but the wait for the disk after it failed: no reader was made that would close this.
            _call.GiveUp(Operation.Close, Generation);
        }

        _call.Clear();
        _idle = this;
    }

    /// <summary>The command is over, for the log and the spans.</summary>
    public void EndRecord() => _call.Record?.End(Math.Max(RecordsAffected, Value is null ? 0 : 1));

    /// <summary>True while an execution of it is under way, or its reader open.</summary>
    public bool IsOpen(int generation) => Generation == generation && !IsClosed;

    /// <summary>Goes to the next row of the current result.</summary>
    public bool Read(int generation)
    {
        if (!_call.TryReadOn(generation, CancellationToken.None))
        {
            Run(Operation.Read, generation);
            if (!_call.Answer)
            {
                return false;
            }
        }

        _call.Record?.CountRow();
        return true;
    }

    /// <inheritdoc cref="Read"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> ReadAsync(int generation, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Answered(RunAsync(Operation.Read, generation, cancellationToken));
        }

        try
        {
            if (_call.TryReadOn(generation, cancellationToken))
            {
                _call.Record?.CountRow();
                return Task.FromResult(true);
            }
        }
        catch (InvalidOperationException e)
        {
            return Task.FromException<bool>(e);
        }

        return Answered(AttemptAsync(Operation.Read, generation, cancellationToken), _call.Record);
    }

    /// <summary>Ends the current result and runs the statements after it, up to the next that answers rows.</summary>
    public bool NextResult(int generation)
    {
        Run(Operation.NextResult, generation);
        return _call.Answer;
    }

    /// <inheritdoc cref="NextResult"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> NextResultAsync(int generation, CancellationToken cancellationToken) =>
        Answered(RunAsync(Operation.NextResult, generation, cancellationToken));

    /// <summary>
    /// Ends the current statement, runs what is left of the text (not after an error, nor after <see cref="Cancel"/>),
    /// and gives everything back whatever is thrown.
    /// </summary>
    /// <exception cref="SqliteException">The end of a write, or a statement of the rest, was refused.</exception>
    public void Close(int generation)
    {
        if (IsOpen(generation))
        {
            Run(Operation.Close, generation);
        }
    }

    /// <inheritdoc cref="Close"/>
    public ValueTask CloseAsync(int generation) =>
        IsOpen(generation) ? RunAsync(Operation.Close, generation, CancellationToken.None) : ValueTask.CompletedTask;

    /// <inheritdoc cref="ExecutionLimits.Cancel(int)"/>
    public void Cancel(int generation) => _call.Limits.Cancel(generation);

    /// <summary>Does a call of the execution that has just begun.</summary>
    public void Run(Operation operation, CancellationToken cancellationToken = default) =>
        Run(operation, Generation, cancellationToken);

    /// <inheritdoc cref="Run(Operation, CancellationToken)"/>
    public ValueTask RunAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, Generation, cancellationToken);

    private static StatementCursor Take()
    {
        StatementCursor cursor = _idle ?? new StatementCursor();
        _idle = null;
        return cursor;
    }

    private void Run(Operation operation, int generation, CancellationToken cancellationToken = default)
    {
        try
        {
            RunCore(operation, generation, cancellationToken);
        }
        catch (Exception e) when (_call.Record?.Fail(e) == true)
        {
            throw;
        }
    }

    private void RunCore(Operation operation, int generation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _call.Limits.StartClock();
        WriteBlocker blocker = _call.Attempt(operation, generation, cancellationToken);
        if (blocker != WriteBlocker.None)
        {
            new BlockedCall(_call, operation, async: false)
                .Run(blocker, BlockedCall.Mark(blocker), cancellationToken)
                .AsTask()
                .GetAwaiter()
                .GetResult();
        }
        else if (!_call.LeavesSync && !_call.Commit.IsDurable)
        {
            _call.Commit.Wait(async: false, cancellationToken).AsTask().GetAwaiter().GetResult();
        }
    }

    private ValueTask RunAsync(Operation operation, int generation, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            OperationCanceledException e = new(cancellationToken);
            _call.Record?.Fail(e);
            return Failed(e);
        }

        return AttemptAsync(operation, generation, cancellationToken);
    }

    private ValueTask AttemptAsync(Operation operation, int generation, CancellationToken cancellationToken)
    {
        WriteBlocker blocker;
        try
        {
            _call.Limits.StartClock();
            blocker = _call.Attempt(operation, generation, cancellationToken);
        }
        // An asynchronous method throws through its task.
        catch (Exception e)
        {
            _call.Record?.Fail(e);
            return Failed(e);
        }

        if (blocker == WriteBlocker.None)
        {
            return _call.LeavesSync || _call.Commit.IsDurable
                ? ValueTask.CompletedTask
                : _call.WaitForDisk(async: true, cancellationToken);
        }

        return new BlockedCall(_call, operation, async: true).Run(
            blocker,
            BlockedCall.Mark(blocker),
            cancellationToken
        );
    }

    // Thrown in an asynchronous method, so that a cancellation comes as what it is, not as a TaskCanceledException.
#pragma warning disable CS1998
    private static async ValueTask Failed(Exception exception) => ExceptionDispatchInfo.Throw(exception);
#pragma warning restore CS1998

    private Task<bool> Answered(ValueTask run, CommandRecord? readFor = null)
    {
        return run.IsCompletedSuccessfully ? Task.FromResult(Answer(readFor)) : Awaited();

        async Task<bool> Awaited()
        {
            await run.ConfigureAwait(false);
            return Answer(readFor);
        }
    }

    private bool Answer(CommandRecord? readFor)
    {
        if (_call.Answer)
        {
            readFor?.CountRow();
        }

        return _call.Answer;
    }
}
