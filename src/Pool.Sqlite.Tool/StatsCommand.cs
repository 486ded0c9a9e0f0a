using System.Text.Json.Nodes;

namespace Pool.Sqlite.Tool;

/// <summary><c>stats FILE</c>.</summary>
internal static class StatsCommand
{
    private sealed record Table(string Name, long Rows, long Indexes, long TableBytes, long IndexBytes);

    public static async Task<int> Run(string path, bool json, Terminal terminal, CancellationToken cancellationToken)
    {
        await using SqlitePool pool = DatabaseFile.OpenToRead(path);
        using SqlitePoolConnection connection = await pool.RentReaderAsync(cancellationToken);
        Dictionary<string, long> bytes = SizesByName(connection);
        List<Table> tables = [];
        foreach (string name in Names(connection))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string literal = $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
            List<string> indexes = Texts(connection, $"select name from pragma_index_list({literal})");
            tables.Add(new Table(
                name,
                connection.AskNumber($"select count(*) from {DatabaseFile.Quoted(name)}"),
                indexes.Count,
                bytes.GetValueOrDefault(name),
                indexes.Sum(index => bytes.GetValueOrDefault(index))));
        }

        tables = [.. tables.OrderByDescending(static table => table.TableBytes + table.IndexBytes)];
        if (json)
        {
            terminal.WriteJson(new JsonArray([.. tables.Select(static table => new JsonObject
            {
                ["table"] = table.Name,
                ["rows"] = table.Rows,
                ["indexes"] = table.Indexes,
                ["tableBytes"] = table.TableBytes,
                ["indexBytes"] = table.IndexBytes,
            })]));
            return ExitCode.Success;
        }

        terminal.WriteTable(
            ["table", "rows", "table size", "indexes", "index size"],
            [.. tables.Select(static table => new[]
            {
                table.Name, Terminal.Number(table.Rows), Terminal.Size(table.TableBytes), Terminal.Number(table.Indexes),
                Terminal.Size(table.IndexBytes),
            })],
            static column => column > 0);
        return ExitCode.Success;
    }

    private static List<string> Names(SqlitePoolConnection connection) => Texts(
        connection,
        "select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name");

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

    private static Dictionary<string, long> SizesByName(SqlitePoolConnection connection)
    {
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        using SqlitePoolCommand command = connection.CreateCommand("select name, sum(pgsize) from dbstat group by name");
        using SqlitePoolDataReader reader = (SqlitePoolDataReader)command.ExecuteReader();
        while (reader.Read())
        {
            sizes[reader.GetString(0)] = reader.GetInt64(1);
        }

        return sizes;
    }
}
