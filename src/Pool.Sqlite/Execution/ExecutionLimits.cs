using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// What stops an execution before its end: CommandTimeout, Cancel, a cancelled token, and for a combined write the few
/// milliseconds that another thread has for it.
/// </summary>
internal sealed class ExecutionLimits
{
    private const int CombinedWriteMilliseconds = 5;

    private int _timeoutSeconds;
    private long _deadline;
    private ExecutionInterrupt? _interrupt;
    private long _execution;
    private CancellationToken _token;
    private int _generation;
    private CancellationTokenSource? _waiting;

    /// <summary>Changes with each execution: what <see cref="Cancel(int)"/> takes.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>True while it runs on the thread of another, which leaves the write gate.</summary>
    public bool IsCombined { get; set; }

    /// <summary>A new execution begins.</summary>
    /// <param name="timeoutSeconds">The limit of each call but a read; 0 for none.</param>
    public void Begin(int timeoutSeconds)
    {
        _timeoutSeconds = timeoutSeconds;
        Volatile.Write(ref _generation, _generation + 1);
    }

    /// <summary>The execution is over: nothing that was meant for it counts any more.</summary>
    public void Clear()
    {
        Volatile.Write(ref _generation, _generation + 1);
        _execution = 0;
        _token = default;
        _interrupt = null;
    }

    /// <summary>A call begins.</summary>
    public void StartClock() =>
        _deadline = _timeoutSeconds == 0 ? long.MaxValue : Environment.TickCount64 + (_timeoutSeconds * 1000L);

    /// <summary>The execution is the one that runs on a connection, until the scope ends.</summary>
    public ExecutionInterrupt.Scope Enter(
        PhysicalConnection physical,
        Operation operation,
        CancellationToken cancellationToken
    )
    {
        _token = cancellationToken;
        if (_execution == 0)
        {
            Volatile.Write(ref _interrupt, physical.Stop);
            Volatile.Write(ref _execution, physical.Stop.NewExecution());
        }

        // Reading rows may take as long as the caller likes.
        return physical.Stop.Begin(
            _execution,
            IsCombined ? Environment.TickCount64 + CombinedWriteMilliseconds
                : operation == Operation.Read ? long.MaxValue
                : _deadline,
            cancellationToken
        );
    }

    /// <summary>As <see cref="Enter"/>, from a row to the next.</summary>
    public ExecutionInterrupt.Scope EnterRead(PhysicalConnection physical, CancellationToken cancellationToken) =>
        physical.Stop.Begin(_execution, long.MaxValue, cancellationToken);

    /// <summary>A wait begins, which ends with the token of what this answers: see <see cref="EndWait"/>.</summary>
    public CancellationTokenSource BeginWait(CancellationToken cancellationToken)
    {
        CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Volatile.Write(ref _waiting, waiting);
        return waiting;
    }

    public void EndWait() => Volatile.Write(ref _waiting, null);

    /// <summary>How long a call may wait for the locks of others.</summary>
    public TimeSpan WaitLimit(PhysicalConnection physical)
    {
        long busy = physical.BusyTimeoutMilliseconds;
        return TimeSpan.FromMilliseconds(
            _deadline == long.MaxValue ? busy : Math.Clamp(_deadline - Environment.TickCount64, 0, busy)
        );
    }

    /// <summary>Stops what is going on, also from another thread, unless that has ended meanwhile.</summary>
    /// <param name="generation">What <see cref="Generation"/> was.</param>
    public void Cancel(int generation)
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

    /// <summary>Between statements, each of which may be too short for SQLite to ask.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    /// <exception cref="SqliteException">The time is up.</exception>
    public void ThrowIfOver()
    {
        if (_interrupt!.WasStopped(_execution) || _token.IsCancellationRequested)
        {
            throw StatementErrors.Cancelled(null, _token);
        }

        if (Environment.TickCount64 >= _deadline)
        {
            throw StatementErrors.TookTooLong(null, _timeoutSeconds);
        }
    }

    /// <summary>
    /// True when a failure says that a combined write is not so short after all; SQLite has undone it.
    /// </summary>
    public bool IsTooLongToCombine(SqliteException failure) =>
        IsCombined && IsInterrupt(failure) && !_interrupt!.WasStopped(_execution);

    /// <summary>What is to be thrown instead of a failure; null when that says it all.</summary>
    public Exception? Explain(SqliteException failure, PhysicalConnection physical, CancellationToken cancellationToken)
    {
        if (IsInterrupt(failure))
        {
            return cancellationToken.IsCancellationRequested || _interrupt!.WasStopped(_execution)
                    ? StatementErrors.Cancelled(failure, cancellationToken)
                : Environment.TickCount64 >= _deadline ? StatementErrors.TookTooLong(failure, _timeoutSeconds)
                : null;
        }

        return failure.SqliteExtendedErrorCode == raw.SQLITE_BUSY_SNAPSHOT
            ? StatementErrors.SnapshotIsOld(physical)
            : null;
    }

    private static bool IsInterrupt(SqliteException failure) =>
        (failure.SqliteErrorCode & 0xff) == raw.SQLITE_INTERRUPT;
}
