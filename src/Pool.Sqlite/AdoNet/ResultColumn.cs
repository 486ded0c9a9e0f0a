using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Pool.Sqlite;

/// <summary>One column of a result, as <see cref="SqlitePoolDataReader.GetColumnSchema"/> gives it.</summary>
internal sealed class ResultColumn : DbColumn
{
    [UnconditionalSuppressMessage("Trimming", "IL2074", Justification = "SQLite's storage classes only.")]
    public ResultColumn(DataRow row)
    {
        ColumnName = (string)row[SchemaTableColumn.ColumnName];
        ColumnOrdinal = (int)row[SchemaTableColumn.ColumnOrdinal];
        ColumnSize = (int)row[SchemaTableColumn.ColumnSize];
        DataType = (Type)row[SchemaTableColumn.DataType];
        DataTypeName = (string)row["DataTypeName"];
        BaseServerName = row[SchemaTableOptionalColumn.BaseServerName] as string;
        BaseCatalogName = row[SchemaTableOptionalColumn.BaseCatalogName] as string;
        BaseTableName = row[SchemaTableColumn.BaseTableName] as string;
        BaseColumnName = row[SchemaTableColumn.BaseColumnName] as string;
        IsUnique = row[SchemaTableColumn.IsUnique] as bool?;
        IsKey = row[SchemaTableColumn.IsKey] as bool?;
        AllowDBNull = row[SchemaTableColumn.AllowDBNull] as bool?;
        IsAliased = row[SchemaTableColumn.IsAliased] as bool?;
        IsExpression = row[SchemaTableColumn.IsExpression] as bool?;
        IsAutoIncrement = row[SchemaTableOptionalColumn.IsAutoIncrement] as bool?;
    }
}
