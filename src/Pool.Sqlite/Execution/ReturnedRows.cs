using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The rows that a statement has answered while it wrote. They are kept, so that it ends, and its commit with it, before
/// they are read. SQLite has all of them in memory as well before it answers the first.
/// </summary>
/// <remarks>They are shown through a statement that selects its own parameters: SQLite converts values as ever.</remarks>
internal sealed class ReturnedRows(StatementSequence statements)
{
    // More would be kept by an idle cursor for nothing.
    private const int MostKept = 1024;

    private static readonly ConcurrentDictionary<int, string> Texts = new();

    private readonly List<StoredValue> _values = [];
    private int _width;
    private int _next;

    /// <summary>True when there is a row, shown or not.</summary>
    public bool Any => _values.Count > 0;

    /// <summary>The statement that stands on the row that is shown; null when none is.</summary>
    public Statement? Shown { get; private set; }

    /// <summary>The text that shows rows of so many columns.</summary>
    public static string ReplaySql(int width) =>
        Texts.GetOrAdd(width, static width => "select " + string.Join(',', Enumerable.Repeat('?', width)));

    /// <summary>The current statement is to run: nothing is to fail once it has written.</summary>
    /// <returns>What is in the way.</returns>
    public WriteBlocker TryBegin() =>
        statements.TakeReplay(raw.sqlite3_column_count(statements.Current!.Native), out _);

    /// <summary>Keeps the row that the current statement stands on.</summary>
    public void Add()
    {
        sqlite3_stmt row = statements.Current!.Native;
        _width = raw.sqlite3_data_count(row);
        for (int i = 0; i < _width; i++)
        {
            _values.Add(StoredValue.Of(row, i));
        }
    }

    /// <summary>Shows the first row; false when there is none.</summary>
    public bool TryShowFirst()
    {
        if (!Any)
        {
            statements.PutBackReplay();
            return false;
        }

        // Another number of columns than before it ran comes from a change of the schema.
        statements.TakeReplay(_width, out Statement? replay);
        Shown = replay ?? throw StatementErrors.LockTimeout(statements.Physical!, TimeSpan.Zero);
        Show(Shown.Native);
        return true;
    }

    /// <summary>Shows the next row; false when there is none.</summary>
    public bool TryShowNext()
    {
        if (_next == _values.Count)
        {
            return false;
        }

        sqlite3_stmt shown = Shown!.Native;
        _ = raw.sqlite3_reset(shown);
        Show(shown);
        return true;
    }

    /// <summary>No further row is shown.</summary>
    public void End()
    {
        Clear();
        statements.PutBackReplay();
    }

    public void Clear()
    {
        Shown = null;
        _next = 0;
        _values.Clear();
        if (_values.Capacity > MostKept)
        {
            _values.Capacity = 0;
        }
    }

    private void Show(sqlite3_stmt replay)
    {
        PhysicalConnection physical = statements.Physical!;

        // What is stored must not be told as stopped, nor be run again.
        using ExecutionInterrupt.Scope scope = physical.Stop.BeginUnstoppable();
        Span<StoredValue> values = CollectionsMarshal.AsSpan(_values).Slice(_next, _width);
        for (int i = 0; i < values.Length; i++)
        {
            physical.ThrowUnlessDone(values[i].Bind(replay, i + 1));
        }

        physical.ThrowUnlessDone(raw.sqlite3_step(replay));
        _next += _width;
    }
}
