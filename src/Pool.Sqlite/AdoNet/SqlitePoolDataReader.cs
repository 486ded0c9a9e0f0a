using System.Collections;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>
/// The driver's reader, as one use of the lease at a time: reading a row can be cancelled, and closing it gives back
/// the statement, the write gate and, if that was asked for, the connection.
/// </summary>
internal sealed class SqlitePoolDataReader(SqliteDataReader reader, SqlitePoolCommand command, bool closesConnection) : DbDataReader
{
    // Of the lease that the reader belongs to: one that the connection has had since is not the reader's to close.
    private readonly int _opens = command.Connection?.Opens ?? 0;

    private const DynamicallyAccessedMemberTypes FieldTypeMembers =
        DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicFields;

    public override int Depth => reader.Depth;

    public override int FieldCount => reader.FieldCount;

    public override bool HasRows => reader.HasRows;

    public override bool IsClosed => reader.IsClosed;

    public override int RecordsAffected => reader.RecordsAffected;

    public override object this[int ordinal] => reader[ordinal];

    public override object this[string name] => reader[name];

    public override void Close()
    {
        SqlitePoolConnection? connection = command.Connection;
        try
        {
            command.FinishReader(reader);
        }
        finally
        {
            if (closesConnection)
            {
                connection?.CloseLease(_opens);
            }
        }
    }

    public override Task<bool> ReadAsync(CancellationToken cancellationToken) =>
        command.Step(reader, static reader => reader.Read(), cancellationToken);

    public override Task<bool> NextResultAsync(CancellationToken cancellationToken) =>
        command.Step(reader, static reader => reader.NextResult(), cancellationToken);

    public override bool Read() => command.Step(reader, static reader => reader.Read());

    public override bool NextResult() => command.Step(reader, static reader => reader.NextResult());

    public override DataTable? GetSchemaTable() => reader.GetSchemaTable();

    public override string GetName(int ordinal) => reader.GetName(ordinal);

    public override int GetOrdinal(string name) => reader.GetOrdinal(name);

    public override string GetDataTypeName(int ordinal) => reader.GetDataTypeName(ordinal);

    [return: DynamicallyAccessedMembers(FieldTypeMembers)]
    [UnconditionalSuppressMessage("Trimming", "IL2073", Justification = "SQLite's five storage classes only.")]
    public override Type GetFieldType(int ordinal) => reader.GetFieldType(ordinal);

    public override bool IsDBNull(int ordinal) => reader.IsDBNull(ordinal);

    public override object GetValue(int ordinal) => reader.GetValue(ordinal);

    public override int GetValues(object[] values) => reader.GetValues(values);

    public override T GetFieldValue<T>(int ordinal) => reader.GetFieldValue<T>(ordinal);

    public override bool GetBoolean(int ordinal) => reader.GetBoolean(ordinal);

    public override byte GetByte(int ordinal) => reader.GetByte(ordinal);

    public override char GetChar(int ordinal) => reader.GetChar(ordinal);

    public override DateTime GetDateTime(int ordinal) => reader.GetDateTime(ordinal);

    public override decimal GetDecimal(int ordinal) => reader.GetDecimal(ordinal);

    public override double GetDouble(int ordinal) => reader.GetDouble(ordinal);

    public override float GetFloat(int ordinal) => reader.GetFloat(ordinal);

    public override Guid GetGuid(int ordinal) => reader.GetGuid(ordinal);

    public override short GetInt16(int ordinal) => reader.GetInt16(ordinal);

    public override int GetInt32(int ordinal) => reader.GetInt32(ordinal);

    public override long GetInt64(int ordinal) => reader.GetInt64(ordinal);

    public override string GetString(int ordinal) => reader.GetString(ordinal);

    public override Stream GetStream(int ordinal) => reader.GetStream(ordinal);

    public override TextReader GetTextReader(int ordinal) => reader.GetTextReader(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        reader.GetBytes(ordinal, dataOffset, buffer, bufferOffset, length);

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        reader.GetChars(ordinal, dataOffset, buffer, bufferOffset, length);

    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);
}
