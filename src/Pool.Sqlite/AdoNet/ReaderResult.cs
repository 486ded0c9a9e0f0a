using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>The result that a reader stands in, as long as the reader is open.</summary>
internal struct ReaderResult(StatementCursor cursor)
{
    private readonly long _generation = cursor.Generation;
    private sqlite3_stmt? _statement;
    private ResultColumns? _columns;
    private int _fieldCount;
    private int _recordsAffected;
    private bool _isReleased;

    /// <summary>Which execution of the cursor is the reader's.</summary>
    public readonly long Generation => _generation;

    public readonly bool IsClosed => !cursor.IsOpen(_generation);

    public readonly bool HasRows => !IsClosed && cursor.HasRows;

    public readonly bool HasColumns => _statement is not null;

    public readonly int FieldCount => _fieldCount;

    public int RecordsAffected => Volatile.Read(ref _isReleased) ? _recordsAffected : cursor.RecordsAffected;

    /// <summary>The cursor stands in another result, or behind the last.</summary>
    public void Begin()
    {
        _columns = null;
        _statement = cursor.Native;
        _fieldCount = _statement is null ? 0 : raw.sqlite3_column_count(_statement);
    }

    /// <summary>The statement, to read a column of its row.</summary>
    /// <exception cref="InvalidOperationException">There is no row, or the reader is closed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly sqlite3_stmt Row(int ordinal, [CallerMemberName] string caller = "") =>
        (uint)ordinal < (uint)_fieldCount && cursor.HasRow ? _statement! : throw NoRow(ordinal, caller);

    /// <exception cref="InvalidOperationException">There is no result, or the reader is closed.</exception>
    public ResultColumns Columns([CallerMemberName] string caller = "") =>
        IsClosed ? throw (caller == "Item" ? NoData() : Closed(caller))
        : cursor.Native is { } statement ? _columns ??= new ResultColumns(statement, _fieldCount)
        : throw NoData();

    /// <summary>The reader has closed the cursor: once, it is let go for another execution.</summary>
    public void Release()
    {
        _fieldCount = 0;
        _statement = null;
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
        : !cursor.HasRow ? NoData()
        : new ArgumentOutOfRangeException(nameof(ordinal), ordinal, null);

    private static InvalidOperationException NoData() => new("No data exists for the row/column.");
}
