using System.Collections;
using System.Collections.ObjectModel;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>The rows of a command, read straight from SQLite. Its values are those that the driver's newest version gives.</summary>
/// <remarks>For the user of the lease alone, and closed with it at the latest.</remarks>
#pragma warning disable CA1010 // ADO.NET's shape: its records are enumerated without a type.
public sealed class SqlitePoolDataReader : DbDataReader, IDbColumnSchemaGenerator
#pragma warning restore CA1010
{
    private const DynamicallyAccessedMemberTypes FieldTypeMembers =
        DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicFields;

    private readonly StatementCursor _cursor;
    private readonly SqlitePoolConnection _connection;
    private readonly CommandBehavior _behavior;

    // Of the lease that the reader belongs to: one that the connection has had since is not the reader's to close.
    private readonly int _opens;
    private sqlite3_stmt? _statement;
    private ResultColumns? _columns;
    private int _fieldCount;
    private bool _isAtEnd;

    internal SqlitePoolDataReader(StatementCursor cursor, SqlitePoolConnection connection, CommandBehavior behavior)
    {
        _cursor = cursor;
        _connection = connection;
        _behavior = behavior;
        _opens = connection.Opens;
        BeginResult();
    }

    /// <summary>Always 0.</summary>
    public override int Depth => 0;

    /// <inheritdoc/>
    public override int FieldCount => _cursor.IsClosed ? throw Closed() : _fieldCount;

    /// <inheritdoc/>
    public override bool HasRows => _cursor.HasRows;

    /// <inheritdoc/>
    public override bool IsClosed => _cursor.IsClosed;

    /// <summary>Rows changed by the statements that have ended so far; -1 while none of them could change any.</summary>
    public override int RecordsAffected => _cursor.RecordsAffected;

    /// <inheritdoc/>
    public override object this[int ordinal] => ColumnValue.ToObject(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override object this[string name] => this[Columns().Ordinal(name)];

    /// <inheritdoc/>
    public override void Close()
    {
        try
        {
            _cursor.Close();
        }
        finally
        {
            End();
        }
    }

    /// <inheritdoc/>
    public override async Task CloseAsync()
    {
        try
        {
            await _cursor.CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            End();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override bool Read() => _cursor.IsClosed ? throw Closed() : !StopsHere() && _cursor.Read();

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<bool> ReadAsync(CancellationToken cancellationToken) => _cursor.IsClosed
        ? Task.FromException<bool>(Closed(nameof(Read)))
        : StopsHere() ? Task.FromResult(false) : _cursor.ReadAsync(cancellationToken);

    /// <summary>
    /// Goes to the next result. With <see cref="CommandBehavior.SingleResult"/> or <see cref="CommandBehavior.SingleRow"/>
    /// there is none: what is left of the text runs, and its rows are passed over.
    /// </summary>
    public override bool NextResult()
    {
        if (_cursor.IsClosed)
        {
            throw Closed();
        }

        bool hasResult;
        do
        {
            hasResult = _cursor.NextResult();
        }
        while (hasResult && HasOneResult);

        BeginResult();
        return hasResult;
    }

    /// <inheritdoc cref="NextResult"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override async Task<bool> NextResultAsync(CancellationToken cancellationToken)
    {
        if (_cursor.IsClosed)
        {
            throw Closed(nameof(NextResult));
        }

        bool hasResult;
        do
        {
            hasResult = await _cursor.NextResultAsync(cancellationToken).ConfigureAwait(false);
        }
        while (hasResult && HasOneResult);

        BeginResult();
        return hasResult;
    }

    /// <inheritdoc/>
    public override string GetName(int ordinal) => Columns().Name(ordinal);

    /// <summary>The number of the column with that name: first by its exact case, then whatever the case.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    /// <exception cref="InvalidOperationException">Several differ only in case, and none is exactly that.</exception>
    public override int GetOrdinal(string name) => Columns().Ordinal(name);

    /// <inheritdoc/>
    public override string GetDataTypeName(int ordinal) => Columns().DataTypeName(ordinal);

    /// <inheritdoc/>
    [return: DynamicallyAccessedMembers(FieldTypeMembers)]
    public override Type GetFieldType(int ordinal) => Columns().FieldType(ordinal);

    /// <summary>A description of the columns, one in a row.</summary>
    public override DataTable GetSchemaTable() => Used(static (reader, columns) =>
        SchemaTable.Of(columns, reader._cursor.Database, reader._connection.Physical.Driver.DataSource));

    /// <summary>A description of the columns; none when there is no result.</summary>
    public ReadOnlyCollection<DbColumn> GetColumnSchema() => _cursor.IsClosed ? throw Closed()
        : _statement is null ? ReadOnlyCollection<DbColumn>.Empty
        : new([.. GetSchemaTable().Rows.Cast<DataRow>().Select(static row => (DbColumn)new ResultColumn(row))]);

    /// <inheritdoc/>
    public override bool IsDBNull(int ordinal) => ColumnValue.IsNull(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override object GetValue(int ordinal) => ColumnValue.ToObject(Row(ordinal), ordinal);

    /// <summary>As many values as there are, or as there is room for.</summary>
    public override int GetValues(object[] values)
    {
        sqlite3_stmt row = Row(0);
        ArgumentNullException.ThrowIfNull(values);
        int count = Math.Min(values.Length, _fieldCount);
        for (int i = 0; i < count; i++)
        {
            values[i] = ColumnValue.ToObject(row, i);
        }

        return count;
    }

    /// <inheritdoc/>
    public override T GetFieldValue<T>(int ordinal)
    {
        sqlite3_stmt row = Row(ordinal);
        if (typeof(T) != typeof(Stream) && typeof(T) != typeof(TextReader))
        {
            return ColumnValueOf.Read<T>(row, ordinal);
        }

        return ColumnValue.IsNull(row, ordinal) ? throw new InvalidCastException(ColumnValue.IsNullError(ordinal).Message)
            : typeof(T) == typeof(Stream) ? (T)(object)GetStream(ordinal)
            : (T)(object)GetTextReader(ordinal);
    }

    /// <inheritdoc/>
    public override bool GetBoolean(int ordinal) => ColumnValue.ToInt64(Row(ordinal), ordinal) != 0;

    /// <inheritdoc/>
    public override byte GetByte(int ordinal) => checked((byte)ColumnValue.ToInt64(Row(ordinal), ordinal));

    /// <inheritdoc/>
    public override char GetChar(int ordinal) => ColumnValue.ToChar(Row(ordinal), ordinal);

    /// <summary>Text with an offset, which names a moment, comes back in UTC.</summary>
    public override DateTime GetDateTime(int ordinal) => ColumnValue.ToDateTime(Row(ordinal), ordinal);

    /// <summary>A date with its offset; without one in the text, UTC.</summary>
    /// <param name="ordinal">The column.</param>
    public DateTimeOffset GetDateTimeOffset(int ordinal) => ColumnValue.ToDateTimeOffset(Row(ordinal), ordinal);

    /// <summary>A time span, from text or from a number of days.</summary>
    /// <param name="ordinal">The column.</param>
    public TimeSpan GetTimeSpan(int ordinal) => ColumnValue.ToTimeSpan(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override decimal GetDecimal(int ordinal) => ColumnValue.ToDecimal(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override double GetDouble(int ordinal) => ColumnValue.ToDouble(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override float GetFloat(int ordinal) => (float)ColumnValue.ToDouble(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override Guid GetGuid(int ordinal) => ColumnValue.ToGuid(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override short GetInt16(int ordinal) => checked((short)ColumnValue.ToInt64(Row(ordinal), ordinal));

    /// <inheritdoc/>
    public override int GetInt32(int ordinal) => checked((int)ColumnValue.ToInt64(Row(ordinal), ordinal));

    /// <inheritdoc/>
    public override long GetInt64(int ordinal) => ColumnValue.ToInt64(Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override string GetString(int ordinal) => ColumnValue.ToText(Row(ordinal), ordinal);

    /// <summary>
    /// The bytes of a value. Where the row id is among the columns they are read as they are asked for; such a stream ends
    /// with its lease.
    /// </summary>
    public override Stream GetStream(int ordinal)
    {
        sqlite3_stmt row = Row(ordinal);
        return Used((_, _) => ColumnStream.Open(row, ordinal, _fieldCount, _connection.Physical));
    }

    /// <summary>The characters of a value; none of NULL.</summary>
    public override TextReader GetTextReader(int ordinal) =>
        IsDBNull(ordinal) ? new StringReader("") : new StreamReader(GetStream(ordinal));

    /// <inheritdoc/>
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        ColumnPart.Bytes(Row(ordinal), ordinal, dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        ColumnPart.Chars(Row(ordinal), ordinal, dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    // Only with one row asked for does the second end the result.
    private bool StopsHere() => (_behavior & (CommandBehavior.SingleRow | CommandBehavior.SchemaOnly)) != 0 && IsAtEnd();

    private bool IsAtEnd()
    {
        bool was = _isAtEnd;
        _isAtEnd = true;
        return was || (_behavior & CommandBehavior.SchemaOnly) != 0;
    }

    private bool HasOneResult => (_behavior & (CommandBehavior.SingleRow | CommandBehavior.SingleResult)) != 0;

    private void BeginResult()
    {
        _isAtEnd = false;
        _columns = null;
        _statement = _cursor.Native;
        _fieldCount = _statement is null ? 0 : raw.sqlite3_column_count(_statement);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private sqlite3_stmt Row(int ordinal, [CallerMemberName] string caller = "") =>
        (uint)ordinal < (uint)_fieldCount && _cursor.HasRow ? _statement! : throw NoRow(ordinal, caller);

    private Exception NoRow(int ordinal, string caller) => _cursor.IsClosed ? (caller == "Item" ? NoData() : Closed(caller))
        : !_cursor.HasRow ? NoData()
        : OutOfRange(ordinal);

    private ResultColumns Columns([CallerMemberName] string caller = "") =>
        _cursor.IsClosed && caller != "Item" ? throw Closed(caller)
        : _cursor.Native is { } statement ? _columns ??= new ResultColumns(statement, _fieldCount)
        : throw NoData();

    // What asks SQLite for more than a column is a use of the lease.
    private T Used<T>(Func<SqlitePoolDataReader, ResultColumns, T> work, [CallerMemberName] string caller = "")
    {
        ResultColumns columns = Columns(caller);
        bool outermost = _connection.Enter();
        try
        {
            return work(this, columns);
        }
        finally
        {
            _connection.Exit(outermost);
        }
    }

    private void End()
    {
        if (_behavior.HasFlag(CommandBehavior.CloseConnection))
        {
            _connection.CloseLease(_opens);
        }
    }

    private static ArgumentOutOfRangeException OutOfRange(int ordinal) => new(nameof(ordinal), ordinal, null);

    private static InvalidOperationException NoData() => new("No data exists for the row/column.");

    private static InvalidOperationException Closed([CallerMemberName] string operation = "") =>
        new($"Invalid attempt to call {operation} when reader is closed.");
}
