using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Stops the statement that is running on a connection, and no other. SQLite asks its progress handler every thousand
/// steps; the answer is yes only while the execution that was told to stop is still the current one. (An interrupt that
/// comes late would hit whatever runs next.)
/// </summary>
internal sealed class ExecutionInterrupt
{
    // At some ten million steps a second this is asked every 0.1 ms, and costs less than can be measured.
    private const int StepsBetweenQuestions = 1_000;

    private long _last;
    private long _current;
    private long _deadline = long.MaxValue;
    private CancellationToken _token;
    private long _stopped = -1;
    private sqlite3_stmt? _stepping;

    /// <summary>
    /// To be called once: exchanging the handler while another thread is inside SQLite would take it away from under
    /// it.
    /// </summary>
    public void Attach(sqlite3 database) =>
        raw.sqlite3_progress_handler(
            database,
            StepsBetweenQuestions,
            static state => ((ExecutionInterrupt)state).Answer(),
            this
        );

    /// <summary>The number of a new execution, which <see cref="Stop"/> takes.</summary>
    public long NewExecution() => ++_last;

    /// <summary>An execution goes on, until the scope ends; then what went on before does.</summary>
    /// <param name="execution">Its number.</param>
    /// <param name="deadline">A value of <see cref="Environment.TickCount64"/>, after which it is stopped.</param>
    /// <param name="token">Stops it as well. (Asked, which costs a call nothing, unlike a callback.)</param>
    public Scope Begin(long execution, long deadline, CancellationToken token)
    {
        Scope scope = new(this, _current, _deadline, _token);
        _current = execution;
        _deadline = deadline;
        SetToken(token);
        return scope;
    }

    /// <summary>Nothing stops what goes on until the scope ends.</summary>
    public Scope BeginUnstoppable() => Begin(NewExecution(), long.MaxValue, CancellationToken.None);

    /// <summary>Whatever runs next cannot be stopped by what was said before.</summary>
    public void Forget()
    {
        _current = ++_last;
        _deadline = long.MaxValue;
        _token = default;
    }

    /// <summary>Stops an execution; one that began later is not spared by who comes late.</summary>
    public void Stop(long execution)
    {
        for (long stopped = Volatile.Read(ref _stopped); execution > stopped; stopped = Volatile.Read(ref _stopped))
        {
            Interlocked.CompareExchange(ref _stopped, execution, stopped);
        }
    }

    public bool WasStopped(long execution) => Volatile.Read(ref _stopped) == execution;

    /// <summary>
    /// Steps a statement that must not be stopped once it has ended. SQLite asks one last time after that, when a
    /// commit is made already, and a yes would turn what is stored into an error.
    /// </summary>
    /// <returns>A result code.</returns>
    public int Step(sqlite3_stmt statement)
    {
        sqlite3_stmt? outer = _stepping;
        _stepping = statement;
        int result = raw.sqlite3_step(statement);
        _stepping = outer;
        return result;
    }

    // Most often there is none, before and after; writing a reference costs more than comparing it.
    private void SetToken(CancellationToken token)
    {
        if (_token != token)
        {
            _token = token;
        }
    }

    private int Answer() =>
        (WasStopped(_current) || _token.IsCancellationRequested || Environment.TickCount64 >= _deadline) && !HasEnded()
            ? 1
            : 0;

    // An exception must not get back into SQLite, which a closed handle would throw.
    private bool HasEnded() => _stepping is { IsClosed: false } statement && raw.sqlite3_stmt_busy(statement) == 0;

    /// <summary>The time in which one execution is the current one.</summary>
    public readonly struct Scope(
        ExecutionInterrupt interrupt,
        long before,
        long deadlineBefore,
        CancellationToken tokenBefore
    ) : IDisposable
    {
        public void Dispose()
        {
            interrupt._current = before;
            interrupt._deadline = deadlineBefore;
            interrupt.SetToken(tokenBefore);
        }
    }
}
