using System.Globalization;
using System.Text.Json.Nodes;

namespace Pool.Sqlite.Tool;

/// <summary><c>query FILE SQL</c>.</summary>
internal static class QueryCommand
{
    private const int WidestCell = 60;

    public static async Task<int> Run(
        string path,
        string sql,
        bool json,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        await using ReadDatabase database = DatabaseFile.OpenToRead(path);
        using SqlitePoolConnection connection = await database.Pool.RentReaderAsync(cancellationToken);
        QueryText.Check(connection.SqliteConnection, sql);
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        using SqlitePoolDataReader reader = await Execute(command, cancellationToken);
        string[] columns = Unique(reader);
        if (json)
        {
            await WriteJson(reader, columns, terminal, cancellationToken);
            return ExitCode.Success;
        }

        List<string[]> rows = [];
        bool[] areNumbers = [.. columns.Select(static _ => true)];
        while (await reader.ReadAsync(cancellationToken))
        {
            string[] row = new string[columns.Length];
            for (int i = 0; i < row.Length; i++)
            {
                object value = reader.GetValue(i);
                areNumbers[i] &= value is long or double or DBNull;
                row[i] = Cell(value);
            }

            rows.Add(row);
        }

        if (columns.Length > 0)
        {
            terminal.WriteTable(columns, rows, column => areNumbers[column] && rows.Count > 0);
        }

        terminal.Progress($"{Terminal.Number(rows.Count)} {(rows.Count == 1 ? "row" : "rows")}");
        return ExitCode.Success;
    }

    private static async Task<SqlitePoolDataReader> Execute(
        SqlitePoolCommand command,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (SqlitePoolDataReader)await command.ExecuteReaderAsync(cancellationToken);
        }
        // One statement with rows and without parameters: all that a reader lease refuses of it is that it writes.
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            throw QueryText.Writes(e);
        }
    }

    // Row by row: there may be more of them than memory.
    private static async Task WriteJson(
        SqlitePoolDataReader reader,
        string[] columns,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        string separator = "[";
        while (await reader.ReadAsync(cancellationToken))
        {
            JsonObject row = new(columns.Select((column, i) => KeyValuePair.Create(column, Json(reader.GetValue(i)))));
            await terminal.Output.WriteAsync(separator + Environment.NewLine + "  " + row.ToJsonString());
            separator = ",";
        }

        await terminal.Output.WriteLineAsync(separator == "[" ? "[]" : Environment.NewLine + "]");
    }

    // JSON has no duplicates, and no infinity.
    private static string[] Unique(SqlitePoolDataReader reader)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        string[] names = new string[reader.FieldCount];
        for (int i = 0; i < names.Length; i++)
        {
            string name = reader.GetName(i);
            names[i] = name;
            for (int n = 2; !seen.Add(names[i]); n++)
            {
                names[i] = string.Create(CultureInfo.InvariantCulture, $"{name}_{n}");
            }
        }

        return names;
    }

    private static JsonNode? Json(object value) =>
        value switch
        {
            long number => number,
            double number when double.IsFinite(number) => number,
            byte[] bytes => Convert.ToBase64String(bytes),
            DBNull => null,
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        };

    private static string Cell(object value)
    {
        string text = value switch
        {
            DBNull => "NULL",
            byte[] bytes => $"[{Terminal.Size(bytes.Length)}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        text = string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c));
        return text.Length > WidestCell ? text[..(WidestCell - 1)] + "…" : text;
    }
}
