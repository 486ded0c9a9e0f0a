using System.Collections;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>The rows of a command: a view of its <see cref="StatementCursor"/>.</summary>
internal sealed class SqlitePoolDataReader(StatementCursor cursor, SqlitePoolConnection connection, CommandBehavior behavior) : DbDataReader
{
    // Of the lease that the reader belongs to: one that the connection has had since is not the reader's to close.
    private readonly int _opens = connection.Opens;

    private const string RecordType = "Microsoft.Data.Sqlite.SqliteDataRecord, Microsoft.Data.Sqlite";

    private const DynamicallyAccessedMemberTypes FieldTypeMembers =
        DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicFields;

    private object? _record;
    private sqlite3_stmt? _recordOf;

    public override int Depth => 0;

    public override int FieldCount => cursor.IsClosed ? throw Closed() : cursor.FieldCount;

    public override bool HasRows => cursor.HasRows;

    public override bool IsClosed => cursor.IsClosed;

    public override int RecordsAffected => cursor.RecordsAffected;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    public override void Close()
    {
        try
        {
            cursor.Close();
        }
        finally
        {
            CloseConnection();
        }
    }

    public override async Task CloseAsync()
    {
        try
        {
            await cursor.CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            CloseConnection();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    public override bool Read() => cursor.IsClosed ? throw Closed() : cursor.Read() && NoteRow();

    public override bool NextResult() => cursor.IsClosed ? throw Closed() : cursor.NextResult();

    public override async Task<bool> ReadAsync(CancellationToken cancellationToken) => cursor.IsClosed
        ? throw Closed()
        : await cursor.ReadAsync(cancellationToken).ConfigureAwait(false) && NoteRow();

    public override Task<bool> NextResultAsync(CancellationToken cancellationToken) => cursor.IsClosed
        ? throw Closed()
        : cursor.NextResultAsync(cancellationToken);

    public override string GetName(int ordinal) => Name(Record, ordinal);

    public override int GetOrdinal(string name) => Ordinal(Record, name);

    public override string GetDataTypeName(int ordinal) => DataTypeName(Record, ordinal);

    [return: DynamicallyAccessedMembers(FieldTypeMembers)]
    [UnconditionalSuppressMessage("Trimming", "IL2073", Justification = "SQLite's five storage classes only.")]
    public override Type GetFieldType(int ordinal) => FieldType(Record, ordinal);

    public override bool IsDBNull(int ordinal) => IsNull(Record, ordinal);

    public override object GetValue(int ordinal) => Value(Record, ordinal);

    public override int GetValues(object[] values)
    {
        int count = Math.Min(values.Length, FieldCount);
        for (int i = 0; i < count; i++)
        {
            values[i] = GetValue(i);
        }

        return count;
    }

    public override T GetFieldValue<T>(int ordinal) => FieldValue<T>(Record, ordinal)!;

    public override bool GetBoolean(int ordinal) => GetFieldValue<bool>(ordinal);

    public override byte GetByte(int ordinal) => GetFieldValue<byte>(ordinal);

    public override char GetChar(int ordinal) => GetFieldValue<char>(ordinal);

    public override DateTime GetDateTime(int ordinal) => GetFieldValue<DateTime>(ordinal);

    public override decimal GetDecimal(int ordinal) => GetFieldValue<decimal>(ordinal);

    public override double GetDouble(int ordinal) => GetFieldValue<double>(ordinal);

    public override float GetFloat(int ordinal) => GetFieldValue<float>(ordinal);

    public override Guid GetGuid(int ordinal) => GetFieldValue<Guid>(ordinal);

    public override short GetInt16(int ordinal) => GetFieldValue<short>(ordinal);

    public override int GetInt32(int ordinal) => GetFieldValue<int>(ordinal);

    public override long GetInt64(int ordinal) => GetFieldValue<long>(ordinal);

    public override string GetString(int ordinal) => GetFieldValue<string>(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length)
    {
        byte[] all = GetFieldValue<byte[]>(ordinal);
        int count = (int)Math.Min(length, all.Length - dataOffset);
        if (buffer is null)
        {
            return all.Length;
        }

        Array.Copy(all, dataOffset, buffer, bufferOffset, count);
        return count;
    }

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length)
    {
        string all = GetString(ordinal);
        int count = (int)Math.Min(length, all.Length - dataOffset);
        if (buffer is null)
        {
            return all.Length;
        }

        all.CopyTo((int)dataOffset, buffer, bufferOffset, count);
        return count;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2111", Justification = "The column holds types, and makes none.")]
    public override DataTable GetSchemaTable()
    {
        DataTable table = new("SchemaTable") { Locale = CultureInfo.InvariantCulture };
        table.Columns.Add(SchemaTableColumn.ColumnName, typeof(string));
        table.Columns.Add(SchemaTableColumn.ColumnOrdinal, typeof(int));
        table.Columns.Add(SchemaTableColumn.ColumnSize, typeof(int));
        table.Columns.Add(SchemaTableColumn.DataType, typeof(Type));
        table.Columns.Add("DataTypeName", typeof(string));
        for (int i = 0; i < FieldCount; i++)
        {
            table.Rows.Add(GetName(i), i, -1, GetFieldType(i), GetDataTypeName(i));
        }

        return table;
    }

    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    private object Record
    {
        get
        {
            if (cursor.IsClosed)
            {
                throw Closed();
            }

            sqlite3_stmt native = cursor.Native ?? throw new InvalidOperationException("No data exists for the row/column.");
            if (_recordOf != native)
            {
                _recordOf = native;
                _record = NewRecord(native, cursor.HasRows, connection.Physical.Driver, static _ => { });
            }

            return _record!;
        }
    }

    // The record wants to have been read itself before it answers values.
    private bool NoteRow()
    {
        if (!cursor.IsClosed)
        {
            SteppedOf(Record) = true;
        }

        return true;
    }

    private void CloseConnection()
    {
        if (behavior.HasFlag(CommandBehavior.CloseConnection))
        {
            connection.CloseLease(_opens);
        }
    }

    private static InvalidOperationException Closed() => new("The reader is closed.");

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(RecordType)]
    private static extern object NewRecord(sqlite3_stmt statement, bool hasRows, SqliteConnection connection, Action<int> addChanges);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_stepped")]
    private static extern ref bool SteppedOf([UnsafeAccessorType(RecordType)] object record);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetName")]
    private static extern string Name([UnsafeAccessorType(RecordType)] object record, int ordinal);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetOrdinal")]
    private static extern int Ordinal([UnsafeAccessorType(RecordType)] object record, string name);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetDataTypeName")]
    private static extern string DataTypeName([UnsafeAccessorType(RecordType)] object record, int ordinal);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetFieldType")]
    private static extern Type FieldType([UnsafeAccessorType(RecordType)] object record, int ordinal);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "IsDBNull")]
    private static extern bool IsNull([UnsafeAccessorType(RecordType)] object record, int ordinal);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetValue")]
    private static extern object Value([UnsafeAccessorType(RecordType)] object record, int ordinal);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetFieldValue")]
    private static extern T? FieldValue<T>([UnsafeAccessorType(RecordType)] object record, int ordinal);
}
