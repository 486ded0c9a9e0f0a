using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The bytes of a column: read as they are asked for where its row id is among the columns, else copied.
/// </summary>
internal static class ColumnStream
{
    public static Stream Open(sqlite3_stmt row, int ordinal, int count, PhysicalConnection physical)
    {
        string? database = raw.sqlite3_column_database_name(row, ordinal).utf8_to_string();
        string? table = raw.sqlite3_column_table_name(row, ordinal).utf8_to_string();
        string? column = raw.sqlite3_column_origin_name(row, ordinal).utf8_to_string();
        if (
            table is null
            || column is null
            || RowIdColumn(row, ordinal, count, physical.Handle, database!, table) is not { } key
        )
        {
            return new MemoryStream(ColumnValue.ToBytes(row, ordinal), writable: false);
        }

        long rowId = ColumnValue.ToInt64(row, key);
        return physical.Blobs.Add(new SqliteBlob(physical.Driver, database!, table, column, rowId, readOnly: true));
    }

    private static int? RowIdColumn(
        sqlite3_stmt row,
        int ordinal,
        int count,
        sqlite3 handle,
        string database,
        string table
    )
    {
        for (int i = 0; i < count; i++)
        {
            if (
                i != ordinal
                && raw.sqlite3_column_table_name(row, i).utf8_to_string() == table
                && raw.sqlite3_column_database_name(row, i).utf8_to_string() == database
                && IsRowId(handle, database, table, raw.sqlite3_column_origin_name(row, i).utf8_to_string())
            )
            {
                return i;
            }
        }

        return null;
    }

    private static bool IsRowId(sqlite3 handle, string database, string table, string column) =>
        column == "rowid"
        || (
            raw.sqlite3_table_column_metadata(
                handle,
                database,
                table,
                column,
                out string type,
                out _,
                out _,
                out int isKey,
                out _
            ) == raw.SQLITE_OK
            && isKey != 0
            && string.Equals(type, "INTEGER", StringComparison.OrdinalIgnoreCase)
            && SchemaTable.Count(handle, "select count(*) from pragma_table_info(?1) where pk <> 0", table) == 1
        );
}
