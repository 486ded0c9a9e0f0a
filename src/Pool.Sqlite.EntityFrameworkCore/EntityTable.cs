using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.ValueGeneration;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>The one table that an entity type is stored in, and how its columns get their values.</summary>
internal sealed class EntityTable
{
    // A bit for each says which columns the database generates.
    private const int MaxColumns = 128;

    /// <exception cref="InvalidOperationException">
    /// The type is stored in several tables, or partly in no column.
    /// </exception>
    public EntityTable(IEntityType entityType, IValueGeneratorSelector generators)
    {
        ITableMapping[] tables = [.. entityType.GetTableMappings()];
        if (tables is not [{ } mapping])
        {
            throw Unsupported(entityType, $"it is stored in {tables.Length} tables");
        }

        if (
            entityType.GetComplexProperties().Any()
            || entityType
                .GetNavigations()
                .Any(navigation =>
                    navigation.TargetEntityType.IsOwned()
                    && (
                        navigation.TargetEntityType.IsMappedToJson()
                        || navigation.TargetEntityType.GetTableMappings().Any(owned => owned.Table == mapping.Table)
                    )
                )
        )
        {
            throw Unsupported(entityType, "it has owned or complex types in its own table");
        }

        Name = mapping.Table.Name;
        Columns = [.. mapping.ColumnMappings.Select(column => new EntityColumn(entityType, column, generators))];
        if (Columns.Count > MaxColumns)
        {
            throw Unsupported(entityType, $"it has more than {MaxColumns} columns");
        }
    }

    public string Name { get; }

    public IReadOnlyList<EntityColumn> Columns { get; }

    public static InvalidOperationException Unsupported(IEntityType entityType, string why) =>
        new(
            $"BulkInsertAsync cannot insert {entityType.DisplayName()}: {why}. Use AddRange and SaveChangesAsync for it."
        );
}
