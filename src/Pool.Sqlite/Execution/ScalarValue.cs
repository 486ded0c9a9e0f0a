using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>The first column of a row, as the driver's <c>GetValue</c> answers it.</summary>
internal static class ScalarValue
{
    public static object Read(sqlite3_stmt statement) => raw.sqlite3_column_type(statement, 0) switch
    {
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(statement, 0),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(statement, 0),
        raw.SQLITE_TEXT => raw.sqlite3_column_text(statement, 0).utf8_to_string(),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(statement, 0).ToArray(),
        _ => DBNull.Value,
    };
}
