namespace Pool.Sqlite.Tool.Copying;

/// <summary>A table of the SQLite database.</summary>
/// <param name="Name">Its name.</param>
/// <param name="HasRowId">False for one made with WITHOUT ROWID.</param>
/// <param name="Columns">All columns, generated ones included.</param>
/// <param name="ForeignKeys">Its foreign keys.</param>
/// <param name="Indexes">Its indexes, those of UNIQUE constraints included.</param>
internal sealed record SourceTable(
    string Name,
    bool HasRowId,
    IReadOnlyList<SourceColumn> Columns,
    IReadOnlyList<SourceForeignKey> ForeignKeys,
    IReadOnlyList<SourceIndex> Indexes
)
{
    /// <summary>The columns of the primary key, in its order.</summary>
    public IReadOnlyList<SourceColumn> PrimaryKey =>
        [.. Columns.Where(static column => column.KeyPosition > 0).OrderBy(static column => column.KeyPosition)];

    /// <summary>
    /// The column that is SQLite's rowid by another name, and so counts up by itself; null when there is none.
    /// </summary>
    public SourceColumn? RowIdColumn =>
        HasRowId && PrimaryKey is [{ } only] && only.DeclaredType.Equals("INTEGER", StringComparison.OrdinalIgnoreCase)
            ? only
            : null;

    /// <summary>A name for the rowid that no column hides; null when there is none.</summary>
    public string? RowIdName =>
        !HasRowId
            ? null
            : Array.Find(
                ["rowid", "_rowid_", "oid"],
                name => !Columns.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            );
}

/// <summary>A column of a <see cref="SourceTable"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DeclaredType">As it was written; empty when there is none.</param>
/// <param name="IsNotNull">True when it is NOT NULL.</param>
/// <param name="Default">The text of the default; null when there is none.</param>
/// <param name="KeyPosition">From 1 in the primary key; 0 outside of it.</param>
/// <param name="IsGenerated">True when it is calculated.</param>
internal sealed record SourceColumn(
    string Name,
    string DeclaredType,
    bool IsNotNull,
    string? Default,
    int KeyPosition,
    bool IsGenerated
);

/// <summary>A foreign key of a <see cref="SourceTable"/>.</summary>
/// <param name="Table">The table that it refers to.</param>
/// <param name="From">The columns.</param>
/// <param name="To">Those that they refer to; empty for the primary key.</param>
/// <param name="OnUpdate">As SQL has it.</param>
/// <param name="OnDelete">As SQL has it.</param>
internal sealed record SourceForeignKey(
    string Table,
    IReadOnlyList<string> From,
    IReadOnlyList<string> To,
    string OnUpdate,
    string OnDelete
);

/// <summary>An index of a <see cref="SourceTable"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsUnique">True when it is unique.</param>
/// <param name="IsConstraint">True when it belongs to a UNIQUE constraint.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Peculiarity">What PostgreSQL would not do the same way; null when it is plain.</param>
internal sealed record SourceIndex(
    string Name,
    bool IsUnique,
    bool IsConstraint,
    IReadOnlyList<string> Columns,
    string? Peculiarity
);
