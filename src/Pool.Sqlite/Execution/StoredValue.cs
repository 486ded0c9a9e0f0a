using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>A value of one of SQLite's storage classes, as it is stored.</summary>
internal readonly struct StoredValue
{
    private readonly int _type;
    private readonly long _bits;
    private readonly byte[]? _bytes;

    private StoredValue(int type, long bits, byte[]? bytes)
    {
        _type = type;
        _bits = bits;
        _bytes = bytes;
    }

    /// <summary>A column of the row that a statement stands on.</summary>
    public static StoredValue Of(sqlite3_stmt row, int ordinal)
    {
        int type = raw.sqlite3_column_type(row, ordinal);
        switch (type)
        {
            case raw.SQLITE_INTEGER:
                return new StoredValue(type, raw.sqlite3_column_int64(row, ordinal), null);
            case raw.SQLITE_FLOAT:
                double value = raw.sqlite3_column_double(row, ordinal);
                return new StoredValue(type, BitConverter.DoubleToInt64Bits(value), null);
            case raw.SQLITE_TEXT:
                // From here on its bytes are UTF-8, whatever the encoding of the database.
                _ = raw.sqlite3_column_text(row, ordinal);
                return new StoredValue(type, 0, raw.sqlite3_column_blob(row, ordinal).ToArray());
            case raw.SQLITE_BLOB:
                return new StoredValue(type, 0, raw.sqlite3_column_blob(row, ordinal).ToArray());
            default:
                return default;
        }
    }

    /// <summary>Gives it to a parameter.</summary>
    /// <returns>A result code.</returns>
    public int Bind(sqlite3_stmt statement, int index) =>
        _type switch
        {
            raw.SQLITE_INTEGER => raw.sqlite3_bind_int64(statement, index, _bits),
            raw.SQLITE_FLOAT => raw.sqlite3_bind_double(statement, index, BitConverter.Int64BitsToDouble(_bits)),
            raw.SQLITE_TEXT => raw.sqlite3_bind_text(statement, index, _bytes),
            raw.SQLITE_BLOB => raw.sqlite3_bind_blob(statement, index, _bytes),
            _ => raw.sqlite3_bind_null(statement, index),
        };
}
