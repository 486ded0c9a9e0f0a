using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// A result's columns as the table that ADO.NET describes them with; its columns are those of the driver.
/// </summary>
internal static class SchemaTable
{
    private const string UniqueIndexes = """
        select count(*) from pragma_index_list(?1) i, pragma_index_info(i.name) c where i."unique" = 1 and c.name = ?2
        and not exists (select * from pragma_index_info(i.name) other where other.name <> c.name)
        """;

    public static DataTable Of(ResultColumns columns, sqlite3 database, string dataSource)
    {
        DataTable table = Empty();
        for (int i = 0; i < columns.Count; i++)
        {
            DataRow row = table.NewRow();
            Describe(row, columns, i, dataSource);
            if (
                row[SchemaTableColumn.BaseTableName] is string name
                && row[SchemaTableColumn.BaseColumnName] is string column
            )
            {
                DescribeBase(row, database, name, column);
            }

            table.Rows.Add(row);
        }

        return table;
    }

    /// <summary>The number that a query with text parameters answers.</summary>
    public static long Count(sqlite3 database, string sql, params ReadOnlySpan<string> values) =>
        Ask(database, sql, values) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : 0;

    private static void Describe(DataRow row, ResultColumns columns, int i, string dataSource)
    {
        sqlite3_stmt statement = columns.Statement;
        string? origin = raw.sqlite3_column_origin_name(statement, i).utf8_to_string();
        row[SchemaTableColumn.ColumnName] = columns.Name(i);
        row[SchemaTableColumn.ColumnOrdinal] = i;
        row[SchemaTableColumn.ColumnSize] = -1;
        row[SchemaTableOptionalColumn.BaseServerName] = dataSource;
        row[SchemaTableOptionalColumn.BaseCatalogName] = OrNull(
            raw.sqlite3_column_database_name(statement, i).utf8_to_string()
        );
        row[SchemaTableColumn.BaseColumnName] = OrNull(origin);
        row[SchemaTableColumn.BaseTableName] = OrNull(raw.sqlite3_column_table_name(statement, i).utf8_to_string());
        row[SchemaTableColumn.DataType] = columns.FieldType(i);
        row["DataTypeName"] = columns.DataTypeName(i);
        row[SchemaTableColumn.IsAliased] = origin != columns.Name(i);
        row[SchemaTableColumn.IsExpression] = origin is null;
    }

    private static void DescribeBase(DataRow row, sqlite3 database, string table, string column)
    {
        bool isAliased = (bool)row[SchemaTableColumn.IsAliased];
        row[SchemaTableColumn.IsUnique] = !isAliased && Count(database, UniqueIndexes, table, column) != 0;
        row[SchemaTableColumn.DataType] = MostFrequentType(database, table, column) switch
        {
            "integer" => typeof(long),
            "real" => typeof(double),
            "text" => typeof(string),
            "blob" => typeof(byte[]),
            _ => ResultColumns.TypeOf(ResultColumns.Affinity((string)row["DataTypeName"])),
        };

        // Of a virtual table that is only a function there is nothing to ask.
        string catalog = (string)row[SchemaTableOptionalColumn.BaseCatalogName];
        if (
            Count(database, "select count(*) from sqlite_master where name = ?1 and type in ('table', 'view')", table)
            != 0
        )
        {
            int result = raw.sqlite3_table_column_metadata(
                database,
                catalog,
                table,
                column,
                out _,
                out _,
                out int isNotNull,
                out int isKey,
                out int isAutoIncrement
            );
            Microsoft.Data.Sqlite.SqliteException.ThrowExceptionForRC(result, database);
            row[SchemaTableColumn.IsKey] = isKey != 0;
            row[SchemaTableColumn.AllowDBNull] = isAliased || isNotNull == 0;
            row[SchemaTableOptionalColumn.IsAutoIncrement] = isAutoIncrement != 0;
        }
    }

    private static string? MostFrequentType(sqlite3 database, string table, string column)
    {
        string type = $"typeof({Quoted(column)})";
        return Ask(
            database,
            $"select {type} from {Quoted(table)} where {type} <> 'null' group by {type} order by count() desc limit 1",
            []
        );
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string? Ask(sqlite3 database, string sql, ReadOnlySpan<string> values)
    {
        int result = raw.sqlite3_prepare_v2(database, sql, out sqlite3_stmt statement);
        using (statement)
        {
            for (int i = 0; i < values.Length && result == raw.SQLITE_OK; i++)
            {
                result = raw.sqlite3_bind_text(statement, i + 1, values[i]);
            }

            result = result == raw.SQLITE_OK ? raw.sqlite3_step(statement) : result;
            Microsoft.Data.Sqlite.SqliteException.ThrowExceptionForRC(result, database);
            return result == raw.SQLITE_ROW ? raw.sqlite3_column_text(statement, 0).utf8_to_string() : null;
        }
    }

    private static object OrNull(string? value) => value is null ? DBNull.Value : value;

    private static DataTable Empty()
    {
        DataTable table = new("SchemaTable") { Locale = CultureInfo.InvariantCulture };
        table.Columns.Add(SchemaTableColumn.ColumnName, typeof(string));
        table.Columns.Add(SchemaTableColumn.ColumnOrdinal, typeof(int));
        table.Columns.Add(SchemaTableColumn.ColumnSize, typeof(int));
        table.Columns.Add(SchemaTableColumn.NumericPrecision, typeof(short));
        table.Columns.Add(SchemaTableColumn.NumericScale, typeof(short));
        table.Columns.Add(SchemaTableColumn.IsUnique, typeof(bool));
        table.Columns.Add(SchemaTableColumn.IsKey, typeof(bool));
        table.Columns.Add(SchemaTableOptionalColumn.BaseServerName, typeof(string));
        table.Columns.Add(SchemaTableOptionalColumn.BaseCatalogName, typeof(string));
        table.Columns.Add(SchemaTableColumn.BaseColumnName, typeof(string));
        table.Columns.Add(SchemaTableColumn.BaseSchemaName, typeof(string));
        table.Columns.Add(SchemaTableColumn.BaseTableName, typeof(string));
        table.Columns.Add(TypeColumn());
        table.Columns.Add("DataTypeName", typeof(string));
        table.Columns.Add(SchemaTableColumn.AllowDBNull, typeof(bool));
        table.Columns.Add(SchemaTableColumn.IsAliased, typeof(bool));
        table.Columns.Add(SchemaTableColumn.IsExpression, typeof(bool));
        table.Columns.Add(SchemaTableOptionalColumn.IsAutoIncrement, typeof(bool));
        table.Columns.Add(SchemaTableColumn.IsLong, typeof(bool));
        return table;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2111", Justification = "Only a nullable column looks into its type.")]
    private static DataColumn TypeColumn() => new(SchemaTableColumn.DataType, typeof(Type)) { AllowDBNull = false };
}
