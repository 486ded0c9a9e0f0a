using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The running of one command text, which may hold several statements: each is prepared, admitted, bound and stepped when
/// its turn comes. It stands on a row, between rows, or between results. A reader is a view of this, and nothing more.
/// </summary>
/// <remarks>
/// Once its lease has gone back it is finished: <see cref="IsClosed"/> is true, <see cref="Native"/> is null, and closing it
/// does nothing. Reading a column needs no guard: whoever has the lease reads, and <see cref="Native"/> says whether there
/// is still something to read from.
/// </remarks>
internal sealed class StatementCursor
{
    private StatementCursor(sqlite3 database) => Database = database;

    /// <summary>The native connection, for blobs and for the text of errors.</summary>
    public sqlite3 Database { get; }

    /// <summary>The statement of the current result; null before, between and after results, and once closed.</summary>
    public Statement? Statement { get; private set; }

    /// <summary>The native handle of <see cref="Statement"/>.</summary>
    public sqlite3_stmt? Native => IsClosed ? null : Statement?.Native;

    /// <summary>True while it stands on a row, whose columns can be read.</summary>
    public bool HasRow { get; private set; }

    /// <summary>True when the current result has, or had, a row.</summary>
    public bool HasRows { get; private set; }

    /// <summary>How many columns the current result has; 0 without one.</summary>
    public int FieldCount => Native is { } native ? raw.sqlite3_column_count(native) : 0;

    /// <summary>Rows changed by all statements that have ended so far; -1 while none of them could change any.</summary>
    public int RecordsAffected { get; private set; } = -1;

    public bool IsClosed { get; private set; }

    /// <summary>Goes to the next row of the current result.</summary>
    public bool Read() => HasRow = HasRows && HasRow;

    /// <inheritdoc cref="Read"/>
    public Task<bool> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Read());

    /// <summary>Ends the current result and runs the statements after it, up to the next that answers rows.</summary>
    public bool NextResult() => HasRow = HasRows = false;

    /// <inheritdoc cref="NextResult"/>
    public Task<bool> NextResultAsync(CancellationToken cancellationToken) => Task.FromResult(NextResult());

    /// <summary>
    /// Ends the current statement, runs what is left of the text, and gives everything back whatever is thrown.
    /// </summary>
    public void Close() => IsClosed = true;

    /// <inheritdoc cref="Close"/>
    public ValueTask CloseAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Stops what it is doing, also from another thread.</summary>
    public void Cancel() => Close();
}
