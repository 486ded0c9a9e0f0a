using System.Text.Json.Nodes;

namespace Pool.Sqlite.Tool;

/// <summary><c>stats FILE</c>.</summary>
internal static class StatsCommand
{
    private sealed record Table(string Name, long Rows, long Bytes, long Indexes);

    public static async Task<int> Run(string path, bool json, Terminal terminal, CancellationToken cancellationToken)
    {
        await using ReadDatabase database = DatabaseFile.OpenToRead(path);
        using SqlitePoolConnection connection = await database.Pool.RentReaderAsync(cancellationToken);
        List<Table> tables = [];
        foreach (string name in Names(connection))
        {
            cancellationToken.ThrowIfCancellationRequested();
            tables.Add(Read(connection, name));
        }

        tables =
        [
            .. tables
                .OrderByDescending(static table => table.Bytes)
                .ThenBy(static table => table.Name, StringComparer.Ordinal),
        ];
        if (json)
        {
            terminal.WriteJson(
                new JsonArray([
                    .. tables.Select(static table => new JsonObject
                    {
                        ["table"] = table.Name,
                        ["rows"] = table.Rows,
                        ["bytes"] = table.Bytes,
                        ["indexes"] = table.Indexes,
                    }),
                ])
            );
            return ExitCode.Success;
        }

        terminal.WriteTable(
            ["table", "rows", "values", "indexes"],
            [
                .. tables.Select(static table =>
                    new[]
                    {
                        table.Name,
                        Terminal.Number(table.Rows),
                        Terminal.Size(table.Bytes),
                        Terminal.Number(table.Indexes),
                    }
                ),
            ],
            static column => column > 0
        );
        return ExitCode.Success;
    }

    // The size of the values, without what SQLite keeps around them: pages of tables are not told apart by this engine.
    private static Table Read(SqlitePoolConnection connection, string name)
    {
        string literal = $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
        string lengths = string.Join(
            " + ",
            Texts(connection, $"select name from pragma_table_xinfo({literal}) " + $"where hidden <> 1")
                .Select(static column => $"coalesce(octet_length({DatabaseFile.Quoted(column)}), 0)")
        );
        using SqlitePoolCommand command = connection.CreateCommand(
            $"select count(*), coalesce(sum({lengths}), 0), (select count(*) from pragma_index_list({literal})) "
                + $"from {DatabaseFile.Quoted(name)}"
        );
        using SqlitePoolDataReader reader = (SqlitePoolDataReader)command.ExecuteReader();
        reader.Read();
        return new Table(name, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private static List<string> Names(SqlitePoolConnection connection) =>
        Texts(
            connection,
            "select name from pragma_table_list where schema = 'main' and type = 'table' and name not like "
                + "'sqlite\\_%' escape '\\' order by name"
        );

    private static List<string> Texts(SqlitePoolConnection connection, string sql)
    {
        List<string> texts = [];
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        using SqlitePoolDataReader reader = (SqlitePoolDataReader)command.ExecuteReader();
        while (reader.Read())
        {
            texts.Add(reader.GetString(0));
        }

        return texts;
    }
}
