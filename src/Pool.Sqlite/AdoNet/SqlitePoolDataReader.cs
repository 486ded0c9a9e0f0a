using System.Collections;
using System.Collections.ObjectModel;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>
/// The rows of a command, read straight from SQLite. Its values are those that the driver's newest version gives.
/// </summary>
/// <remarks>For the user of the lease alone, and closed with it at the latest.</remarks>
#pragma warning disable CA1010 // ADO.NET's shape: its records are enumerated without a type.
public sealed class SqlitePoolDataReader : DbDataReader, IDbColumnSchemaGenerator
#pragma warning restore CA1010
{
    private const DynamicallyAccessedMemberTypes FieldTypeMembers =
        DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicFields;

    private readonly StatementCursor _cursor;
    private readonly SqlitePoolConnection _connection;
    private ReaderBehavior _behavior;

    // Of the lease that the reader belongs to: one that the connection has had since is not the reader's to close.
    private readonly int _opens;
    private ReaderResult _result;

    internal SqlitePoolDataReader(StatementCursor cursor, SqlitePoolConnection connection, CommandBehavior behavior)
    {
        _cursor = cursor;
        _connection = connection;
        _result = new ReaderResult(cursor);
        _behavior = new ReaderBehavior(behavior);
        _opens = connection.Opens;
        BeginResult();
    }

    /// <summary>Always 0.</summary>
    public override int Depth => 0;

    /// <inheritdoc/>
    public override int FieldCount => IsClosed ? throw ReaderResult.Closed() : _result.FieldCount;

    /// <inheritdoc/>
    public override bool HasRows => _result.HasRows;

    /// <inheritdoc/>
    public override bool IsClosed => _result.IsClosed;

    /// <summary>
    /// Rows changed by the statements that have ended so far; -1 while none of them could change any.
    /// </summary>
    public override int RecordsAffected => _result.RecordsAffected;

    /// <inheritdoc/>
    public override object this[int ordinal] => ColumnValue.ToObject(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override object this[string name] => this[_result.Columns().Ordinal(name)];

    /// <inheritdoc/>
    public override void Close()
    {
        try
        {
            _cursor.Close(_result.Generation);
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
            await _cursor.CloseAsync(_result.Generation).ConfigureAwait(false);
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
    public override bool Read() =>
        IsClosed ? throw ReaderResult.Closed() : !_behavior.StopsHere() && _cursor.Read(_result.Generation);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<bool> ReadAsync(CancellationToken cancellationToken) =>
        IsClosed ? Task.FromException<bool>(ReaderResult.Closed(nameof(Read)))
        : _behavior.StopsHere() ? Task.FromResult(false)
        : _cursor.ReadAsync(_result.Generation, cancellationToken);

    /// <summary>
    /// Goes to the next result. With <see cref="CommandBehavior.SingleResult"/> or
    /// <see cref="CommandBehavior.SingleRow"/> there is none: what is left of the text runs, and its rows are passed
    /// over.
    /// </summary>
    public override bool NextResult()
    {
        if (IsClosed)
        {
            throw ReaderResult.Closed();
        }

        bool hasResult;
        do
        {
            hasResult = _cursor.NextResult(_result.Generation);
        } while (hasResult && _behavior.HasOneResult);

        BeginResult();
        return hasResult;
    }

    /// <inheritdoc cref="NextResult"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override async Task<bool> NextResultAsync(CancellationToken cancellationToken)
    {
        if (IsClosed)
        {
            throw ReaderResult.Closed(nameof(NextResult));
        }

        bool hasResult;
        do
        {
            hasResult = await _cursor.NextResultAsync(_result.Generation, cancellationToken).ConfigureAwait(false);
        } while (hasResult && _behavior.HasOneResult);

        BeginResult();
        return hasResult;
    }

    /// <inheritdoc/>
    public override string GetName(int ordinal) => _result.Columns().Name(ordinal);

    /// <summary>The number of the column with that name: first by its exact case, then whatever the case.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    /// <exception cref="InvalidOperationException">Several differ only in case, and none is exactly that.</exception>
    public override int GetOrdinal(string name) => _result.Columns().Ordinal(name);

    /// <inheritdoc/>
    public override string GetDataTypeName(int ordinal) => _result.Columns().DataTypeName(ordinal);

    /// <inheritdoc/>
    [return: DynamicallyAccessedMembers(FieldTypeMembers)]
    public override Type GetFieldType(int ordinal) => _result.Columns().FieldType(ordinal);

    /// <summary>A description of the columns, one in a row.</summary>
    public override DataTable GetSchemaTable() =>
        Used(
            static (reader, columns) =>
                SchemaTable.Of(columns, reader._cursor.Database, reader._connection.Physical.Driver.DataSource)
        );

    /// <summary>A description of the columns; none when there is no result.</summary>
    public ReadOnlyCollection<DbColumn> GetColumnSchema() =>
        IsClosed ? throw ReaderResult.Closed()
        : !_result.HasColumns ? ReadOnlyCollection<DbColumn>.Empty
        : new([.. GetSchemaTable().Rows.Cast<DataRow>().Select(static row => (DbColumn)new ResultColumn(row))]);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<DataTable?> GetSchemaTableAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<DataTable?>(cancellationToken)
            : base.GetSchemaTableAsync(CancellationToken.None);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<ReadOnlyCollection<DbColumn>> GetColumnSchemaAsync(
        CancellationToken cancellationToken = default
    ) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<ReadOnlyCollection<DbColumn>>(cancellationToken)
            : base.GetColumnSchemaAsync(CancellationToken.None);

    /// <inheritdoc/>
    public override bool IsDBNull(int ordinal) => ColumnValue.IsNull(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<bool> IsDBNullAsync(int ordinal, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.IsDBNullAsync(ordinal, CancellationToken.None);

    /// <inheritdoc/>
    public override object GetValue(int ordinal) => ColumnValue.ToObject(_result.Row(ordinal), ordinal);

    /// <summary>As many values as there are, or as there is room for.</summary>
    public override int GetValues(object[] values)
    {
        sqlite3_stmt row = _result.Row(0);
        ArgumentNullException.ThrowIfNull(values);
        int count = Math.Min(values.Length, _result.FieldCount);
        for (int i = 0; i < count; i++)
        {
            values[i] = ColumnValue.ToObject(row, i);
        }

        return count;
    }

    /// <inheritdoc/>
    public override T GetFieldValue<T>(int ordinal)
    {
        sqlite3_stmt row = _result.Row(ordinal);
        if (typeof(T) != typeof(Stream) && typeof(T) != typeof(TextReader))
        {
            return ColumnValueOf.Read<T>(row, ordinal);
        }

        return ColumnValue.IsNull(row, ordinal)
                ? throw new InvalidCastException(ColumnValue.IsNullError(ordinal).Message)
            : typeof(T) == typeof(Stream) ? (T)(object)GetStream(ordinal)
            : (T)(object)GetTextReader(ordinal);
    }

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<T> GetFieldValueAsync<T>(int ordinal, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<T>(cancellationToken)
            : base.GetFieldValueAsync<T>(ordinal, CancellationToken.None);

    /// <inheritdoc/>
    public override bool GetBoolean(int ordinal) => ColumnValue.ToInt64(_result.Row(ordinal), ordinal) != 0;

    /// <inheritdoc/>
    public override byte GetByte(int ordinal) => checked((byte)ColumnValue.ToInt64(_result.Row(ordinal), ordinal));

    /// <inheritdoc/>
    public override char GetChar(int ordinal) => ColumnValue.ToChar(_result.Row(ordinal), ordinal);

    /// <summary>Text with an offset, which names a moment, comes back in UTC.</summary>
    public override DateTime GetDateTime(int ordinal) => ColumnValue.ToDateTime(_result.Row(ordinal), ordinal);

    /// <summary>A date with its offset; without one in the text, UTC.</summary>
    /// <param name="ordinal">The column.</param>
    public DateTimeOffset GetDateTimeOffset(int ordinal) => ColumnValue.ToDateTimeOffset(_result.Row(ordinal), ordinal);

    /// <summary>A time span, from text or from a number of days.</summary>
    /// <param name="ordinal">The column.</param>
    public TimeSpan GetTimeSpan(int ordinal) => ColumnValue.ToTimeSpan(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override decimal GetDecimal(int ordinal) => ColumnValue.ToDecimal(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override double GetDouble(int ordinal) => ColumnValue.ToDouble(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override float GetFloat(int ordinal) => (float)ColumnValue.ToDouble(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override Guid GetGuid(int ordinal) => ColumnValue.ToGuid(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override short GetInt16(int ordinal) => checked((short)ColumnValue.ToInt64(_result.Row(ordinal), ordinal));

    /// <inheritdoc/>
    public override int GetInt32(int ordinal) => checked((int)ColumnValue.ToInt64(_result.Row(ordinal), ordinal));

    /// <inheritdoc/>
    public override long GetInt64(int ordinal) => ColumnValue.ToInt64(_result.Row(ordinal), ordinal);

    /// <inheritdoc/>
    public override string GetString(int ordinal) => ColumnValue.ToText(_result.Row(ordinal), ordinal);

    /// <summary>
    /// The bytes of a value. Where the row id is among the columns they are read as they are asked for; such a stream
    /// ends with its lease.
    /// </summary>
    public override Stream GetStream(int ordinal)
    {
        sqlite3_stmt row = _result.Row(ordinal);
        return Used((_, _) => ColumnStream.Open(row, ordinal, _result.FieldCount, _connection.Physical));
    }

    /// <summary>The characters of a value; none of NULL.</summary>
    public override TextReader GetTextReader(int ordinal) =>
        IsDBNull(ordinal) ? new StringReader("") : new StreamReader(GetStream(ordinal));

    /// <inheritdoc/>
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        ColumnPart.Bytes(_result.Row(ordinal), ordinal, dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        ColumnPart.Chars(_result.Row(ordinal), ordinal, dataOffset, buffer, bufferOffset, length);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    private void BeginResult()
    {
        _behavior.BeginResult();
        _result.Begin();
    }

    // What asks SQLite for more than a column is a use of the lease.
    private T Used<T>(Func<SqlitePoolDataReader, ResultColumns, T> work, [CallerMemberName] string caller = "")
    {
        ResultColumns columns = _result.Columns(caller);
        using ConnectionUse use = _connection.BeginUse();
        return work(this, columns);
    }

    private void End()
    {
        if (IsClosed)
        {
            _result.Release();
        }

        if (_behavior.ClosesConnection)
        {
            _connection.CloseLease(_opens);
        }
    }
}
