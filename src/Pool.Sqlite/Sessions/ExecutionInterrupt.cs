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
    private long _stopped = -1;
    private long _timeout;
    private long _deadline;
    private long _hit = -1;

    /// <summary>
    /// To be called once: exchanging the handler while another thread is inside SQLite would take it away from under it.
    /// </summary>
    public void Attach(sqlite3 database) =>
        raw.sqlite3_progress_handler(database, StepsBetweenQuestions, static state => ((ExecutionInterrupt)state).Answer(), this);

    /// <summary>Begins an execution; its number is what <see cref="Stop"/> takes.</summary>
    /// <param name="timeoutMilliseconds">How long it may take; 0 for ever.</param>
    public long Begin(long timeoutMilliseconds)
    {
        _timeout = timeoutMilliseconds;
        _deadline = 0;
        return _current = ++_last;
    }

    /// <summary>Reading the rows afterwards may take as long as the caller likes.</summary>
    public void LiftDeadline() => _timeout = 0;

    /// <summary>Whatever runs next cannot be stopped by what was said before.</summary>
    public void Forget() => _current = ++_last;

    /// <summary>An execution whose reader is open goes on for a step; answers which one was going on.</summary>
    public long Resume(long execution)
    {
        long was = _current;
        _current = execution;
        return was;
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

    /// <summary>True when a statement of the execution has been stopped.</summary>
    public bool HasHit(long execution) => _hit == execution;

    public bool TimedOut => _timeout != 0 && _deadline != 0 && Environment.TickCount64 >= _deadline;

    private int Answer()
    {
        // Counted from the first question: most statements are over before it, and need no clock.
        if (_timeout != 0 && _deadline == 0)
        {
            _deadline = Environment.TickCount64 + _timeout;
        }

        if (WasStopped(_current) || TimedOut)
        {
            _hit = _current;
            return 1;
        }

        return 0;
    }
}
