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
internal sealed class ReturnedRows
{
    // More would be kept by an idle cursor for nothing.
    private const int MostKept = 1024;

    private static readonly ConcurrentDictionary<int, string> Texts = new();

    private readonly List<StoredValue> _values = [];
    private int _width;
    private int _next;
    private Statement? _shown;

    /// <summary>True when there is a row, shown or not.</summary>
    public bool Any => _values.Count > 0;

    /// <summary>How many columns they have.</summary>
    public int Width => _width;

    /// <summary>The statement that stands on the row; null before <see cref="ShowFirst"/>.</summary>
    public Statement? Shown => _shown;

    /// <summary>What shows them: a text that selects as many parameters as they have columns.</summary>
    public static string ReplaySql(int width) =>
        Texts.GetOrAdd(width, static width => "select " + string.Join(',', Enumerable.Repeat('?', width)));

    public void Clear()
    {
        _shown = null;
        _next = 0;
        _values.Clear();
        if (_values.Capacity > MostKept)
        {
            _values.Capacity = 0;
        }
    }

    /// <summary>Keeps the row that a statement stands on.</summary>
    public void Add(sqlite3_stmt row)
    {
        _width = raw.sqlite3_data_count(row);
        for (int i = 0; i < _width; i++)
        {
            _values.Add(StoredValue.Of(row, i));
        }
    }

    /// <summary>The first row is on show from here on.</summary>
    /// <param name="replay">The statement of <see cref="ReplaySql"/>.</param>
    /// <param name="physical">Its connection.</param>
    public void ShowFirst(Statement replay, PhysicalConnection physical)
    {
        _shown = replay;
        Show(physical);
    }

    /// <summary>Shows the next row; false when there is none.</summary>
    public bool TryShowNext(PhysicalConnection physical)
    {
        if (_next == _values.Count)
        {
            return false;
        }

        _ = raw.sqlite3_reset(_shown!.Native);
        Show(physical);
        return true;
    }

    private void Show(PhysicalConnection physical)
    {
        // What is stored must not be told as stopped, nor be run again.
        using ExecutionInterrupt.Scope scope = physical.Stop.BeginUnstoppable();
        sqlite3_stmt native = _shown!.Native;
        Span<StoredValue> values = CollectionsMarshal.AsSpan(_values).Slice(_next, _width);
        for (int i = 0; i < values.Length; i++)
        {
            physical.ThrowUnlessDone(values[i].Bind(native, i + 1));
        }

        physical.ThrowUnlessDone(raw.sqlite3_step(native));
        _next += _width;
    }
}
