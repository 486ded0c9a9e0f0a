using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>Reads the tables of a SQLite database.</summary>
internal static class SourceSchema
{
    /// <summary>All tables, each after those that it refers to, as far as they do not refer to each other.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="notices">Gets a line for what is left out.</param>
    public static IReadOnlyList<SourceTable> Read(SqlitePoolConnection connection, List<string> notices)
    {
        List<SourceTable> tables = [];
        foreach (
            (string name, string type, bool hasRowId) in Rows(
                connection,
                "select name, type, wr from pragma_table_list where schema = 'main' and name not like 'sqlite\\_%' "
                    + "escape '\\' order by name",
                null,
                static reader => (reader.GetString(0), reader.GetString(1), reader.GetInt64(2) == 0)
            )
        )
        {
            switch (type)
            {
                case "table":
                    tables.Add(ReadTable(connection, name, hasRowId));
                    break;
                case "view" or "virtual":
                    notices.Add($"The {(type == "view" ? "view" : "virtual table")} '{name}' is not copied.");
                    break;
            }
        }

        foreach (
            string name in Rows(
                connection,
                "select name from sqlite_master where type = 'trigger' order by " + "name",
                null,
                static reader => reader.GetString(0)
            )
        )
        {
            notices.Add($"The trigger '{name}' is not copied.");
        }

        foreach (
            string name in Rows(
                connection,
                "select name from sqlite_master where type = 'table' and sql like '%check%(%' order by name",
                null,
                static reader => reader.GetString(0)
            )
        )
        {
            notices.Add($"CHECK constraints that '{name}' may have are not copied.");
        }

        return Ordered(tables);
    }

    // Depth first; a table that is met again on its own way is in a cycle, which no order resolves.
    private static List<SourceTable> Ordered(List<SourceTable> tables)
    {
        Dictionary<string, SourceTable> byName = tables.ToDictionary(
            static table => table.Name,
            StringComparer.OrdinalIgnoreCase
        );
        List<SourceTable> ordered = [];
        HashSet<SourceTable> seen = [];
        void Visit(SourceTable table)
        {
            if (!seen.Add(table))
            {
                return;
            }

            foreach (SourceForeignKey key in table.ForeignKeys)
            {
                if (byName.TryGetValue(key.Table, out SourceTable? parent))
                {
                    Visit(parent);
                }
            }

            ordered.Add(table);
        }

        tables.ForEach(Visit);
        return ordered;
    }

    private static SourceTable ReadTable(SqlitePoolConnection connection, string name, bool hasRowId) =>
        new(
            name,
            hasRowId,
            Rows(
                connection,
                "select name, type, \"notnull\", dflt_value, pk, hidden from pragma_table_xinfo($table) where hidden <> 1",
                name,
                static reader => new SourceColumn(
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetInt64(2) != 0,
                    reader.IsDBNull(3) ? null : reader.GetString(3),
                    (int)reader.GetInt64(4),
                    reader.GetInt64(5) is 2 or 3
                )
            ),
            ReadForeignKeys(connection, name),
            [
                .. Rows(
                        connection,
                        "select name, \"unique\", origin, partial from pragma_index_list($table) where origin <> 'pk' "
                            + "order by name",
                        name,
                        static reader =>
                            (
                                Name: reader.GetString(0),
                                Unique: reader.GetInt64(1) != 0,
                                Origin: reader.GetString(2),
                                Partial: reader.GetInt64(3) != 0
                            )
                    )
                    .Select(index =>
                        ReadIndex(connection, index.Name, index.Unique, index.Origin == "u", index.Partial)
                    ),
            ]
        );

    private static SourceIndex ReadIndex(
        SqlitePoolConnection connection,
        string name,
        bool isUnique,
        bool isConstraint,
        bool isPartial
    )
    {
        List<(string? Column, string Collation)> columns = Rows(
            connection,
            "select name, coll from pragma_index_xinfo($table) where key = 1 order by seqno",
            name,
            static reader => (reader.IsDBNull(0) ? null : reader.GetString(0), reader.GetString(1))
        );
        string? peculiarity =
            isPartial ? "has a WHERE"
            : columns.Exists(static column => column.Column is null) ? "is on an expression"
            : columns.Exists(static column => column.Collation != "BINARY") ? "has a collation of its own"
            : null;
        return new SourceIndex(
            name,
            isUnique,
            isConstraint,
            [.. columns.Select(static column => column.Column ?? "")],
            peculiarity
        );
    }

    private static List<SourceForeignKey> ReadForeignKeys(SqlitePoolConnection connection, string table) =>
        [
            .. Rows(
                    connection,
                    "select id, \"table\", \"from\", \"to\", on_update, on_delete from pragma_foreign_key_list($table) "
                        + "order by id, seq",
                    table,
                    static reader =>
                        (
                            Id: reader.GetInt64(0),
                            Table: reader.GetString(1),
                            From: reader.GetString(2),
                            To: reader.IsDBNull(3) ? null : reader.GetString(3),
                            OnUpdate: reader.GetString(4),
                            OnDelete: reader.GetString(5)
                        )
                )
                .GroupBy(static row => row.Id)
                .Select(static rows => new SourceForeignKey(
                    rows.First().Table,
                    [.. rows.Select(static row => row.From)],
                    [.. rows.Select(static row => row.To).OfType<string>()],
                    rows.First().OnUpdate,
                    rows.First().OnDelete
                )),
        ];

    private static List<T> Rows<T>(
        SqlitePoolConnection connection,
        string sql,
        string? table,
        Func<SqlitePoolDataReader, T> read
    )
    {
        List<T> rows = [];
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        if (table is not null)
        {
            command.Parameters.Add(new SqliteParameter("$table", table));
        }

        using SqlitePoolDataReader reader = (SqlitePoolDataReader)command.ExecuteReader();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
