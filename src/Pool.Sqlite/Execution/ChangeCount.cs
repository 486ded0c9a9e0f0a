using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>Counts the rows that the statements of a run change.</summary>
internal struct ChangeCount
{
    private int _before;
    private int _changes;

    /// <summary>Of a run that has not begun.</summary>
    public static ChangeCount None => new() { Total = -1 };

    /// <summary>-1 while no statement has ended that could change rows.</summary>
    public int Total { get; private set; }

    /// <summary>A statement is to be run.</summary>
    public void Begin(PhysicalConnection physical, Statement statement) =>
        _before = statement.IsReadOnly ? 0 : raw.sqlite3_total_changes(physical.Handle);

    /// <summary>The statement has come to its end.</summary>
    public void Measure(PhysicalConnection physical, Statement statement)
    {
        // SQLite keeps the last number for statements that change no row.
        bool hasChanged = !statement.IsReadOnly && raw.sqlite3_total_changes(physical.Handle) != _before;
        _changes = hasChanged ? raw.sqlite3_changes(physical.Handle) : 0;
    }

    /// <summary>
    /// Its result has ended. (Of RETURNING without a row that is so at once; the driver tells it when the result is
    /// left.)
    /// </summary>
    public void Add(Statement statement, StatementSequence statements)
    {
        if (statement.CountsChanges && statements.NoteChanges(_changes))
        {
            Total = Math.Max(0, Total) + _changes;
        }
    }
}
