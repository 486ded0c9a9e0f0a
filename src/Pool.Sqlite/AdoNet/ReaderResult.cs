using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>The result that a reader stands in, as long as the reader is open.</summary>
internal struct ReaderResult(StatementCursor cursor)
{
    private readonly int _generation = cursor.Generation;
    private readonly OpenStatement _open = cursor.Open;
    private ResultColumns? _columns;
    private int _fieldCount;
    private int _recordsAffected;
    private bool _isReleased;

    /// <summary>Which execution of the cursor is the reader's.</summary>
    public readonly int Generation => _generation;

    public readonly bool IsClosed => _open.IsFinished;

    public readonly bool HasRows => !IsClosed && cursor.HasRows;

    public readonly bool HasColumns => cursor.Native is not null;

    public readonly int FieldCount => _fieldCount;

    public int RecordsAffected => Volatile.Read(ref _isReleased) ? _recordsAffected : cursor.RecordsAffected;

    /// <summary>The cursor stands in another result, or behind the last.</summary>
    public void Begin()
    {
        _columns = null;
        _fieldCount = cursor.Native is { } statement ? raw.sqlite3_column_count(statement) : 0;
    }

    /// <summary>The statement, to read a column of its row.</summary>
    /// <exception cref="InvalidOperationException">There is no row, or the reader is closed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly sqlite3_stmt Row(int ordinal, [CallerMemberName] string caller = "") =>
        (uint)ordinal < (uint)_fieldCount && _open.Row is { } row ? row : throw NoRow(ordinal, caller);

    /// <exception cref="InvalidOperationException">There is no result, or the reader is closed.</exception>
    public ResultColumns Columns([CallerMemberName] string caller = "") =>
        IsClosed ? throw (caller == "Item" ? NoData() : Closed(caller))
        : cursor.Native is { } statement ? _columns ??= new ResultColumns(cursor, statement, _fieldCount)
        : throw NoData();

    /// <summary>The reader has closed the cursor: once, it is let go for another execution.</summary>
    public void Release()
    {
        _fieldCount = 0;
        if (!_isReleased)
        {
            _recordsAffected = cursor.RecordsAffected;
            if (!Interlocked.Exchange(ref _isReleased, true))
            {
                cursor.Recycle();
            }
        }
    }

    public static InvalidOperationException Closed([CallerMemberName] string operation = "") =>
        new($"Invalid attempt to call {operation} when reader is closed.");

    private readonly Exception NoRow(int ordinal, string caller) =>
        IsClosed ? (caller == "Item" ? NoData() : Closed(caller))
        : _open.Row is null ? NoData()
        : new ArgumentOutOfRangeException(nameof(ordinal), ordinal, null);

    private static InvalidOperationException NoData() => new("No data exists for the row/column.");
}
