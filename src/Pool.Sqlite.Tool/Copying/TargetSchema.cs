using Npgsql;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>A table in PostgreSQL that is copied to.</summary>
/// <param name="Source">Where its rows come from.</param>
/// <param name="FullName">Schema and name, quoted.</param>
/// <param name="Columns">Those that are copied to.</param>
internal sealed record TargetTable(SourceTable Source, string FullName, IReadOnlyList<TargetColumn> Columns);

/// <summary>A column in PostgreSQL that is copied to.</summary>
/// <param name="Source">Where its values come from.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as PostgreSQL writes it.</param>
/// <param name="Converter">Makes its values.</param>
internal sealed record TargetColumn(SourceColumn Source, string Name, string Type, ValueConverter Converter);

/// <summary>Describes the tables that there are in PostgreSQL.</summary>
internal sealed class TargetSchema(NpgsqlConnection connection, string schema)
{
    /// <summary>Finds the table of the same name, and a column for each of the source's.</summary>
    /// <exception cref="ToolException">
    /// It is not there, not empty, or has not all columns, or a type that cannot be copied to.
    /// </exception>
    public async Task<TargetTable> Describe(SourceTable source, CancellationToken cancellationToken)
    {
        string name =
            await FindTable(source.Name, cancellationToken)
            ?? throw new ToolException(
                $"There is no table '{source.Name}' in the schema '{schema}' of PostgreSQL. Create it, or add "
                    + $"--create-tables."
            );
        string fullName = FullName(name);
        await using (NpgsqlCommand command = new($"select exists (select from {fullName})", connection))
        {
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
            {
                throw new ToolException(
                    $"The table {fullName} in PostgreSQL is not empty. Empty it first: " + $"TRUNCATE {fullName}."
                );
            }
        }

        List<(string Name, string Type, int Modifier, bool IsGenerated)> columns = await ReadColumns(
            fullName,
            cancellationToken
        );
        List<TargetColumn> copied = [];
        foreach (SourceColumn column in source.Columns)
        {
            int at = Find(columns.ConvertAll(static each => each.Name), column.Name);
            if (at < 0)
            {
                throw new ToolException($"The table {fullName} in PostgreSQL has no column '{column.Name}'.");
            }

            (string columnName, string type, int modifier, bool isGenerated) = columns[at];
            if (!isGenerated)
            {
                copied.Add(
                    new TargetColumn(
                        column,
                        columnName,
                        type,
                        ValueConverter.For(type, modifier)
                            ?? throw new ToolException(
                                $"The column '{columnName}' of the table {fullName} in PostgreSQL has the type {type}, which "
                                    + $"cannot be copied to."
                            )
                    )
                );
            }
        }

        return new TargetTable(source, fullName, copied);
    }

    /// <summary>Sets the sequence of each identity or serial column to where the copied rows end.</summary>
    public async Task ResetSequences(TargetTable table, CancellationToken cancellationToken)
    {
        foreach (TargetColumn column in table.Columns)
        {
            string quoted = DatabaseFile.Quoted(column.Name);
            await using NpgsqlCommand command = new(
                $"""
                select setval(s, coalesce(m, 1), m is not null)
                from (select pg_get_serial_sequence($1, $2) as s, (select max({quoted})::bigint from {table.FullName}) as m) as x
                where s is not null and coalesce(m, 1) > 0
                """,
                connection
            )
            {
                Parameters =
                {
                    new() { Value = table.FullName },
                    new() { Value = column.Name },
                },
            };
            if (column.Type is "smallint" or "integer" or "bigint")
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

    public string FullName(string table) => $"{DatabaseFile.Quoted(schema)}.{DatabaseFile.Quoted(table)}";

    private async Task<string?> FindTable(string name, CancellationToken cancellationToken)
    {
        List<string> names = [];
        await using NpgsqlCommand command = new(
            "select tablename from pg_tables where schemaname = $1 and lower(tablename) = lower($2)",
            connection
        )
        {
            Parameters =
            {
                new() { Value = schema },
                new() { Value = name },
            },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        int at = Find(names, name);
        return at < 0 ? null : names[at];
    }

    private async Task<List<(string Name, string Type, int Modifier, bool IsGenerated)>> ReadColumns(
        string fullName,
        CancellationToken cancellationToken
    )
    {
        List<(string, string, int, bool)> columns = [];
        await using NpgsqlCommand command = new(
            """
            select attname, format_type(atttypid, null), atttypmod, attgenerated <> ''
            from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum
            """,
            connection
        )
        {
            Parameters = { new() { Value = fullName } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            columns.Add((reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetBoolean(3)));
        }

        return columns;
    }

    // SQLite tells names apart without case, PostgreSQL with it.
    private static int Find(List<string> names, string name)
    {
        int exact = names.IndexOf(name);
        return exact >= 0 ? exact : names.FindIndex(each => each.Equals(name, StringComparison.OrdinalIgnoreCase));
    }
}
