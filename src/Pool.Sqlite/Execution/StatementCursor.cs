using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The running of one command text, which may hold several statements, or of several texts: it stands on a row, between rows,
/// or between results. A reader is a view of this, and nothing more. Here each call enters the lease, is limited in time,
/// waits for what is in its way, and leaves everything in order whatever is thrown; <see cref="StatementRun"/> does the work.
/// </summary>
/// <remarks>
/// Once its lease has gone back it is finished: <see cref="IsClosed"/> is true, <see cref="Native"/> is null, and closing it
/// does nothing. Reading a column needs no guard: the user of the lease reads, and <see cref="Native"/> says whether there is
/// still something to read from.
/// </remarks>
internal sealed class StatementCursor
{
    private const int CombinedWriteMilliseconds = 5;

    [ThreadStatic]
    private static StatementCursor? _idle;

    private readonly StatementRun _run;
    private IStatementLease? _lease;
    private int _timeoutSeconds;
    private long _deadline;
    private ExecutionInterrupt? _interrupt;
    private long _execution;
    private long _generation;
    private CommitTicket _commit;
    private CancellationTokenSource? _waiting;
    private bool _isCombined;
    private bool _answer;
    private DbTransaction? _transaction;

    private StatementCursor() => _run = new StatementRun(CheckTime);

    /// <summary>The native connection, for blobs and for the text of errors.</summary>
    public sqlite3 Database => _run.Physical!.Handle;

    /// <summary>The statement of the current result; null between and after results, and once closed.</summary>
    public Statement? Statement => IsClosed ? null : _run.Statement;

    /// <summary>The native handle of <see cref="Statement"/>.</summary>
    public sqlite3_stmt? Native => IsClosed ? null : _run.Statement?.Native;

    /// <summary>True while it stands on a row, whose columns can be read.</summary>
    public bool HasRow => _run.HasRow && !IsClosed;

    /// <summary>True when the current result has, or had, a row.</summary>
    public bool HasRows => _run.HasRows && !IsClosed;

    /// <summary>How many columns the current result has; 0 without one.</summary>
    public int FieldCount => Native is { } native ? raw.sqlite3_column_count(native) : 0;

    /// <summary>Rows changed by all statements that have ended so far; -1 while none of them could change any.</summary>
    public int RecordsAffected => _run.RecordsAffected;

    /// <summary>The first value of the first result, of <see cref="Operation.Scalar"/>.</summary>
    public object? Value => _run.Value;

    public bool IsClosed => _run.IsClosed;

    /// <summary>True when its caller has no lease, so that it has no use for a write that is begun and not awaited.</summary>
    public bool IsWhole { get; set; }

    /// <summary>True when its caller waits for the disk itself, by <see cref="Commit"/>, after it has let go of the gate.</summary>
    public bool LeavesSync { get; set; }

    /// <summary>The commit that the last call ended in.</summary>
    public CommitTicket Commit => _commit;

    /// <summary>Changes with each execution: what <see cref="Cancel(long)"/> takes.</summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>A cursor for one execution of a text.</summary>
    /// <param name="lease">It runs there.</param>
    /// <param name="sql">The text.</param>
    /// <param name="parameters">Its values.</param>
    /// <param name="timeoutSeconds">The limit of each call but <see cref="Read"/>; 0 for none.</param>
    /// <param name="transaction">The transaction that the command says it belongs to.</param>
    /// <param name="isCommand">False for the pool's own, which would hide how the statement cache does.</param>
    public static StatementCursor For(
        IStatementLease lease,
        string sql,
        SqliteParameterCollection? parameters,
        int timeoutSeconds,
        DbTransaction? transaction,
        bool isCommand = true)
    {
        StatementCursor cursor = _idle ?? new StatementCursor();
        _idle = null;
        cursor.Begin(lease, timeoutSeconds, transaction);
        cursor._run.Begin(lease, sql, parameters, isCommand);
        return cursor;
    }

    /// <summary>A cursor for several texts, which run as one.</summary>
    /// <param name="lease">It runs there.</param>
    /// <param name="texts">One after the other. When the first is the pool's own, it begins a transaction, which the last ends.</param>
    /// <param name="timeoutSeconds">The limit of each call.</param>
    /// <param name="transaction">The transaction that the batch says it belongs to.</param>
    public static StatementCursor For(
        IStatementLease lease, IReadOnlyList<BatchText> texts, int timeoutSeconds, DbTransaction? transaction)
    {
        StatementCursor cursor = new();
        cursor.Begin(lease, timeoutSeconds, transaction);
        cursor._run.Begin(lease, texts);
        return cursor;
    }

    /// <summary>Keeps a cursor that nobody refers to any more for the next execution of this thread.</summary>
    public void Recycle()
    {
        Volatile.Write(ref _generation, _generation + 1);
        _execution = 0;
        _interrupt = null;
        _lease = null;
        _transaction = null;
        _run.Clear();
        _idle = this;
    }

    /// <summary>Goes to the next row of the current result.</summary>
    public bool Read()
    {
        if (TryReadOn())
        {
            return true;
        }

        Run(Operation.Read);
        return _answer;
    }

    /// <inheritdoc cref="Read"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!cancellationToken.CanBeCanceled && TryReadOn())
            {
                return Task.FromResult(true);
            }
        }
        catch (InvalidOperationException e)
        {
            return Task.FromException<bool>(e);
        }

        return Answered(RunAsync(Operation.Read, cancellationToken));
    }

    /// <summary>Ends the current result and runs the statements after it, up to the next that answers rows.</summary>
    public bool NextResult()
    {
        Run(Operation.NextResult);
        return _answer;
    }

    /// <inheritdoc cref="NextResult"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> NextResultAsync(CancellationToken cancellationToken) =>
        Answered(RunAsync(Operation.NextResult, cancellationToken));

    /// <summary>
    /// Ends the current statement, runs what is left of the text (not after an error, nor after <see cref="Cancel()"/>), and
    /// gives everything back whatever is thrown.
    /// </summary>
    /// <exception cref="SqliteException">The end of a write, or a statement of the rest, was refused.</exception>
    public void Close()
    {
        if (!IsClosed)
        {
            Run(Operation.Close);
        }
    }

    /// <inheritdoc cref="Close"/>
    public ValueTask CloseAsync() => IsClosed ? ValueTask.CompletedTask : RunAsync(Operation.Close, CancellationToken.None);

    /// <summary>Stops what it is doing, also from another thread, unless that has ended meanwhile.</summary>
    /// <param name="generation">What <see cref="Generation"/> was.</param>
    public void Cancel(long generation)
    {
        ExecutionInterrupt? interrupt = Volatile.Read(ref _interrupt);
        long execution = Volatile.Read(ref _execution);
        CancellationTokenSource? waiting = Volatile.Read(ref _waiting);
        if (Generation == generation && execution != 0)
        {
            interrupt?.Stop(execution);
            try
            {
                waiting?.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The wait is over.
            }
        }
    }

    /// <inheritdoc cref="Cancel(long)"/>
    public void Cancel() => Cancel(Generation);

    /// <summary>Does a call, waiting for what is in its way.</summary>
    public void Run(Operation operation)
    {
        StartClock();
        WriteBlocker blocker = Attempt(operation, CancellationToken.None);
        if (blocker != WriteBlocker.None)
        {
            WaitAndRun(operation, blocker, Mark(blocker), async: false, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }
        else if (!LeavesSync && !_commit.IsDurable)
        {
            _commit.Wait(async: false).AsTask().GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc cref="Run"/>
    public ValueTask RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        WriteBlocker blocker;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            StartClock();
            blocker = Attempt(operation, cancellationToken);
        }
#pragma warning disable CA1031 // An asynchronous method throws through its task.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Failed(e);
        }

        if (blocker == WriteBlocker.None)
        {
            return LeavesSync || _commit.IsDurable ? ValueTask.CompletedTask : _commit.Wait(async: true, cancellationToken);
        }

        return WaitAndRun(operation, blocker, Mark(blocker), async: true, cancellationToken);
    }

    // Thrown in an asynchronous method, so that a cancellation comes as what it is, not as a TaskCanceledException.
#pragma warning disable CS1998
    private static async ValueTask Failed(Exception exception) =>
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
#pragma warning restore CS1998

    // A combined write begins no transaction, so its flow does not come to hold the gate.
    private static AmbientWriteGate? Mark(WriteBlocker blocker) =>
        blocker == WriteBlocker.GateForCombinedWrite ? null : AmbientWriteGate.Prepare();

    private Task<bool> Answered(ValueTask run)
    {
        return run.IsCompletedSuccessfully ? Task.FromResult(_answer) : Awaited();

        async Task<bool> Awaited()
        {
            await run.ConfigureAwait(false);
            return _answer;
        }
    }

    /// <summary>
    /// From a row to the next: all that is done a thousand times. The end of a result, an error, and whatever else is left to
    /// the long way, which goes on from what SQLite has answered.
    /// </summary>
    private bool TryReadOn()
    {
        if (!_run.CanReadOn)
        {
            return false;
        }

        IStatementLease lease = _lease!;
        bool outermost = lease.Enter();
        if (IsClosed)
        {
            lease.Exit(outermost);
            return false;
        }

        PhysicalConnection physical = _run.Physical!;
        string? outer = physical.Running;
        ExecutionInterrupt.Scope scope = physical.Stop.Begin(_execution);
        try
        {
            physical.ThrowIfClosedByCaller();
            physical.Running = _run.Sql;
            return _run.TryReadOn();
        }
        finally
        {
            scope.Dispose();
            physical.Running = outer;
            lease.Exit(outermost);
        }
    }

    private void Begin(IStatementLease lease, int timeoutSeconds, DbTransaction? transaction)
    {
        _transaction = transaction;
        _lease = lease;
        _timeoutSeconds = timeoutSeconds;
        _commit = default;
        IsWhole = LeavesSync = false;
        Volatile.Write(ref _generation, _generation + 1);
    }

    private void StartClock() =>
        _deadline = _timeoutSeconds == 0 ? long.MaxValue : Environment.TickCount64 + (_timeoutSeconds * 1000L);

    /// <summary>Does a call as far as it goes without waiting.</summary>
    private WriteBlocker Attempt(Operation operation, CancellationToken cancellationToken)
    {
        IStatementLease lease = _lease!;
        bool outermost = lease.Enter();
        PhysicalConnection physical = lease.Physical;
        _run.Physical ??= physical;
        WriteBlocker blocker = WriteBlocker.None;
        bool isDone = false;
        string? outer = physical.Running;
        CancellationTokenRegistration registration = default;
        BeginExecution(physical);
        ExecutionInterrupt.Scope scope = physical.Stop.Begin(_execution, DeadlineOf(operation));
        try
        {
            physical.IsTouched = true;
            if (operation != Operation.Close)
            {
                physical.ThrowIfClosedByCaller();
            }

            physical.StopNativeWaiting();
            physical.Running = _run.Sql;
            if (cancellationToken.CanBeCanceled)
            {
                registration = cancellationToken.UnsafeRegister(static cursor => ((StatementCursor)cursor!).Cancel(), this);
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (IsClosed)
            {
                // The lease has gone back meanwhile, and the connection object may have another one since.
                isDone = true;
                return operation == Operation.Close ? WriteBlocker.None : throw new InvalidOperationException(
                    "The lease that this ran on has gone back to the pool.");
            }

            if (operation <= Operation.Reader)
            {
                lease.CheckTransaction(_transaction);
            }

            blocker = _run.Proceed(operation);
            _answer = operation == Operation.Read ? _run.HasRow : _run.Statement is not null;
            isDone = true;
            return blocker;
        }
        catch (SqliteException e) when (physical.NoteFailure(e))
        {
            throw;
        }
        catch (SqliteException e) when (_isCombined && IsInterrupt(e) && !physical.Stop.WasStopped(_execution))
        {
            // Not so short after all; SQLite has undone it.
            _run.StartAgain();
            isDone = true;
            return blocker = WriteBlocker.Gate;
        }
        catch (SqliteException e) when (Explained(e, cancellationToken) is { } explained)
        {
            throw explained;
        }
        finally
        {
            // It waits for a callback that is under way, which would otherwise stop what this cursor runs next.
            registration.Dispose();
            scope.Dispose();
            physical.Running = outer;
            if (!isDone)
            {
                _run.Abandon(operation);
            }
            else if (blocker != WriteBlocker.None)
            {
                _run.KeepForReturn();
            }

            // Not when a function called by SQLite has run this in the middle of another statement, which may be writing.
            if (outermost && blocker == WriteBlocker.None)
            {
                physical.ReleaseGateIfDone();
                physical.MarkAmbientGate(lease.LeaseId, _run.Sql);
                _commit = physical.TakeCommit();
            }

            lease.Exit(outermost);
        }
    }

    private void BeginExecution(PhysicalConnection physical)
    {
        if (_execution == 0)
        {
            Volatile.Write(ref _interrupt, physical.Stop);
            Volatile.Write(ref _execution, physical.Stop.NewExecution());
        }
    }

    // Reading rows may take as long as the caller likes.
    private long DeadlineOf(Operation operation) => _isCombined ? Environment.TickCount64 + CombinedWriteMilliseconds
        : operation == Operation.Read ? long.MaxValue
        : _deadline;

    /// <summary>Between statements, each of which may be too short for SQLite to ask.</summary>
    private void CheckTime()
    {
        if (_interrupt!.WasStopped(_execution))
        {
            throw StatementErrors.Cancelled(null, CancellationToken.None);
        }

        if (Environment.TickCount64 >= _deadline)
        {
            throw StatementErrors.TookTooLong(null, _timeoutSeconds);
        }
    }

    private static bool IsInterrupt(SqliteException failure) => (failure.SqliteErrorCode & 0xff) == raw.SQLITE_INTERRUPT;

    private Exception? Explained(SqliteException failure, CancellationToken cancellationToken)
    {
        if (IsInterrupt(failure))
        {
            return _interrupt!.WasStopped(_execution)
                ? StatementErrors.Cancelled(failure, cancellationToken)
                : Environment.TickCount64 >= _deadline ? StatementErrors.TookTooLong(failure, _timeoutSeconds) : null;
        }

        return failure.SqliteExtendedErrorCode == raw.SQLITE_BUSY_SNAPSHOT
            ? StatementErrors.SnapshotIsOld(_run.Physical!)
            : null;
    }

    private async ValueTask WaitAndRun(
        Operation operation,
        WriteBlocker blocker,
        AmbientWriteGate? mark,
        bool async,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Volatile.Write(ref _waiting, waiting);
        PhysicalConnection physical = _run.Physical!;
        Deadline deadline = new(TimeProvider.System, WaitLimit(physical));
        try
        {
            // Where the statement has the gate itself, it waits for the lock of another process.
            if (IsWhole && !physical.HoldsGate)
            {
                physical.Gate.ThrowIfHeldByFlow();
            }

            while (blocker != WriteBlocker.None)
            {
                if (blocker == WriteBlocker.Lock)
                {
                    if (!await LockPolling.Pause(deadline, async, waiting.Token).ConfigureAwait(false))
                    {
                        throw StatementErrors.LockTimeout(deadline.Elapsed);
                    }
                }
                else if (await IsServed(operation, blocker, physical.Gate, deadline, async, waiting.Token).ConfigureAwait(false))
                {
                    break;
                }

                blocker = Attempt(operation, cancellationToken);
            }
        }
        catch (Exception e)
        {
            GiveUp(operation);
            if (e is OperationCanceledException)
            {
                throw StatementErrors.Cancelled(
                    null, cancellationToken.IsCancellationRequested ? cancellationToken : CancellationToken.None);
            }

            throw;
        }
        finally
        {
            Volatile.Write(ref _waiting, null);
            mark?.EndUnlessHeld();
        }

        if (!LeavesSync)
        {
            await _commit.Wait(async, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits at the gate. False when it is this connection's now, and the call is still to be made.</summary>
    private async ValueTask<bool> IsServed(
        Operation operation, WriteBlocker blocker, WriteGate gate, Deadline deadline, bool async, CancellationToken cancellationToken)
    {
        IStatementLease lease = _lease!;
        CombinedWrite? combined = blocker == WriteBlocker.GateForCombinedWrite
            ? new CombinedWrite(lease, gate, () => AttemptCombined(operation))
            : null;
        WaitOutcome outcome;
        using (lease.BeginGateWait())
        {
            outcome = await gate.Enter(combined is null ? null : combined.Run, async, deadline.Remaining, cancellationToken)
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

    private WriteBlocker AttemptCombined(Operation operation)
    {
        _isCombined = true;
        try
        {
            return Attempt(operation, CancellationToken.None);
        }
        finally
        {
            _isCombined = false;
        }
    }

    private TimeSpan WaitLimit(PhysicalConnection physical)
    {
        long busy = physical.BusyTimeoutMilliseconds;
        return TimeSpan.FromMilliseconds(
            _deadline == long.MaxValue ? busy : Math.Clamp(_deadline - Environment.TickCount64, 0, busy));
    }

    // What it held comes back even if the lease has gone back meanwhile: then the return has done it.
    private void GiveUp(Operation operation)
    {
        IStatementLease lease = _lease!;
        bool outermost;
        try
        {
            outermost = lease.Enter();
        }
        catch (InvalidOperationException)
        {
            return;
        }

        try
        {
            _run.Abandon(operation);
            lease.Physical.ReleaseGateIfDone();
        }
        finally
        {
            lease.Exit(outermost);
        }
    }
}
