using System.Text;
using Npgsql;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>Copies the rows of one table, and compares what has arrived.</summary>
internal sealed class TableCopier(SqlitePoolConnection source, NpgsqlConnection target, Terminal terminal)
{
    private const int MostProblems = 10;
    private const int RowsBetweenReports = 50_000;

    /// <returns>The number of rows.</returns>
    /// <exception cref="ToolException">
    /// A value does not fit its column, PostgreSQL refuses a row, or not all has arrived.
    /// </exception>
    public async Task<long> Copy(TargetTable table, CancellationToken cancellationToken)
    {
        using TableChecksum sent = new();
        try
        {
            await Send(table, sent, cancellationToken);
        }
        catch (PostgresException e)
        {
            throw new ToolException(
                $"Table '{table.Source.Name}': PostgreSQL refuses its rows: {e.MessageText} " + $"({e.SqlState})",
                e
            );
        }

        using TableChecksum arrived = await ReadBack(table, cancellationToken);
        return sent.Matches(arrived)
            ? sent.Rows
            : throw new ToolException(
                $"Table '{table.Source.Name}': what has arrived differs from what was sent "
                    + $"({Terminal.Number(sent.Rows)} rows sent, "
                    + $"{Terminal.Number(arrived.Rows)} there). A trigger, or a type that rounds, has changed it. Nothing "
                    + $"was copied."
            );
    }

    private async Task Send(TargetTable table, TableChecksum checksum, CancellationToken cancellationToken)
    {
        string? rowId = table.Source.RowIdName;
        string columns = string.Join(
            ", ",
            table.Columns.Select(static column => DatabaseFile.Quoted(column.Source.Name))
        );
        using SqlitePoolCommand command = source.CreateCommand(
            $"select {rowId ?? "null"}, {columns} from " + $"{DatabaseFile.Quoted(table.Source.Name)}"
        );
        using SqlitePoolDataReader reader = (SqlitePoolDataReader)await command.ExecuteReaderAsync(cancellationToken);
        await using NpgsqlBinaryImporter importer = await target.BeginBinaryImportAsync(
            $"copy {table.FullName} ({Names(table)}) from stdin (format binary)",
            cancellationToken
        );
        importer.Timeout = TimeSpan.FromDays(1);
        List<string> problems = [];
        object?[] row = new object?[table.Columns.Count];
        for (long number = 1; problems.Count < MostProblems && reader.Read(); number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Convert(table, reader, number, row, problems);
            if (problems.Count == 0)
            {
                await Write(importer, table, row, checksum, cancellationToken);
            }

            if (number % RowsBetweenReports == 0)
            {
                terminal.Progress($"{table.Source.Name}: {Terminal.Number(number)} rows");
            }
        }

        if (problems.Count > 0)
        {
            throw new ToolException(
                string.Join(Environment.NewLine, problems)
                    + Environment.NewLine
                    + "Nothing was copied. Put these values right, or create the table with types that take them."
            );
        }

        await importer.CompleteAsync(cancellationToken);
    }

    // SQLite allows any value in any column: what does not fit is told by its place, never by the value.
    private static void Convert(
        TargetTable table,
        SqlitePoolDataReader reader,
        long number,
        object?[] row,
        List<string> problems
    )
    {
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = null;
            if (reader.IsDBNull(i + 1))
            {
                continue;
            }

            TargetColumn column = table.Columns[i];
            object value = reader.GetValue(i + 1);
            row[i] = IsBroken(value, reader, i + 1) ? null : column.Converter.Convert(value);
            if (row[i] is null)
            {
                string place = table.Source.RowIdName is null ? $"row {number}" : $"rowid {reader.GetInt64(0)}";
                problems.Add(
                    $"Table '{table.Source.Name}', column '{column.Source.Name}', {place}: the value "
                        + $"({Kind(value)}) does not fit {column.Type}."
                );
            }
        }
    }

    // Bytes that are no UTF-8 are read as replacement characters, which must not replace them in the copy.
    private static bool IsBroken(object value, SqlitePoolDataReader reader, int column) =>
        value is string text
        && text.Contains('\uFFFD', StringComparison.Ordinal)
        && !reader.GetFieldValue<byte[]>(column).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text));

    private static async Task Write(
        NpgsqlBinaryImporter importer,
        TargetTable table,
        object?[] row,
        TableChecksum checksum,
        CancellationToken cancellationToken
    )
    {
        await importer.StartRowAsync(cancellationToken);
        for (int i = 0; i < row.Length; i++)
        {
            checksum.Add(row[i]);
            if (row[i] is { } value)
            {
                await importer.WriteAsync(value, table.Columns[i].Converter.Type, cancellationToken);
            }
            else
            {
                await importer.WriteNullAsync(cancellationToken);
            }
        }

        checksum.EndRow();
    }

    private async Task<TableChecksum> ReadBack(TargetTable table, CancellationToken cancellationToken)
    {
        TableChecksum checksum = new();
        try
        {
            await using NpgsqlCommand command = new($"select {Names(table)} from " + $"{table.FullName}", target)
            {
                CommandTimeout = 0,
            };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                for (int i = 0; i < table.Columns.Count; i++)
                {
                    checksum.Add(reader.IsDBNull(i) ? null : table.Columns[i].Converter.Read(reader, i));
                }

                checksum.EndRow();
            }

            return checksum;
        }
        catch
        {
            checksum.Dispose();
            throw;
        }
    }

    private static string Names(TargetTable table) =>
        string.Join(", ", table.Columns.Select(static column => DatabaseFile.Quoted(column.Name)));

    private static string Kind(object value) =>
        value switch
        {
            long => "an integer",
            double => "a real number",
            string => "a text",
            _ => "a blob",
        };
}
