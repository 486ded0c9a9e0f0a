using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>Counts the rows that the statements of a run change.</summary>
internal struct ChangeCount
{
    private int _before;

    /// <summary>Of a run that has not begun.</summary>
    public static ChangeCount None => new() { Total = -1 };

    /// <summary>-1 while no statement has ended that could change rows.</summary>
    public int Total { get; private set; }

    /// <summary>A statement is to be run.</summary>
    public void Begin(PhysicalConnection physical, Statement statement) =>
        _before = statement.IsReadOnly ? 0 : raw.sqlite3_total_changes(physical.Handle);

    /// <summary>
    /// The statement has ended. (Of RETURNING without a row that is known at once; the driver tells it when the result
    /// is left.)
    /// </summary>
    public void End(PhysicalConnection physical, Statement statement, StatementSequence statements)
    {
        if (!statement.CountsChanges)
        {
            return;
        }

        // SQLite keeps the last number for statements that change no row.
        bool hasChanged = !statement.IsReadOnly && raw.sqlite3_total_changes(physical.Handle) != _before;
        int changes = hasChanged ? raw.sqlite3_changes(physical.Handle) : 0;
        if (statements.NoteChanges(changes))
        {
            Total = Math.Max(0, Total) + changes;
        }
    }
}
