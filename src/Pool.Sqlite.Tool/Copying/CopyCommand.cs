using Npgsql;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>
/// <c>copy FILE --to CONNECTION</c>: everything in one transaction, which is committed when all has arrived.
/// </summary>
internal static class CopyCommand
{
    /// <summary>
    /// The environment variable with the connection string, instead of an option that other users of the machine can
    /// see.
    /// </summary>
    public const string ConnectionVariable = "POOL_SQLITE_COPY_TO";

    public static async Task<int> Run(
        string path,
        string? connectionString,
        bool createTables,
        string schema,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        connectionString ??= Environment.GetEnvironmentVariable(ConnectionVariable);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            terminal.Progress(
                $"Where to copy to is missing. Write --to \"Host=…;Database=…\", or set {ConnectionVariable}."
            );
            return ExitCode.Usage;
        }

        await using ReadDatabase database = DatabaseFile.OpenToRead(path);

        // One snapshot of all tables, while others go on writing.
        using SqlitePoolConnection source = await database.Pool.RentReaderAsync(cancellationToken);
        await using NpgsqlDataSource dataSource = Connect(connectionString);
        await using NpgsqlConnection target = await dataSource.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await target.BeginTransactionAsync(cancellationToken);
        List<string> notices = [];
        IReadOnlyList<SourceTable> tables = SourceSchema.Read(source, notices);
        long rows = await CopyTables(
            source,
            target,
            tables,
            createTables,
            schema,
            notices,
            terminal,
            cancellationToken
        );
        await transaction.CommitAsync(cancellationToken);
        foreach (string notice in notices)
        {
            terminal.Progress($"Note: {notice}");
        }

        terminal.Write(
            $"{Terminal.Number(rows)} rows of {Terminal.Number(tables.Count)} tables are copied and compared."
        );
        return ExitCode.Success;
    }

    private static async Task<long> CopyTables(
        SqlitePoolConnection source,
        NpgsqlConnection target,
        IReadOnlyList<SourceTable> tables,
        bool createTables,
        string schema,
        List<string> notices,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        TargetSchema targetSchema = new(target, schema);
        TableCreator creator = new(target, targetSchema, source, tables, notices);
        if (createTables)
        {
            await creator.CreateTables(cancellationToken);
        }

        // For tables that refer to each other, where their constraints can be put off.
        await using (NpgsqlCommand defer = new("set constraints all deferred", target))
        {
            await defer.ExecuteNonQueryAsync(cancellationToken);
        }

        List<TargetTable> targets = [];
        foreach (SourceTable table in tables)
        {
            targets.Add(await targetSchema.Describe(table, cancellationToken));
        }

        TableCopier copier = new(source, target, terminal);
        long rows = 0;
        foreach (TargetTable table in targets)
        {
            long copied = await copier.Copy(table, cancellationToken);
            await targetSchema.ResetSequences(table, cancellationToken);
            terminal.Progress($"{table.Source.Name}: {Terminal.Number(copied)} rows copied and compared");
            rows += copied;
        }

        if (createTables)
        {
            await creator.CreateConstraints(cancellationToken);
        }

        return rows;
    }

    private static NpgsqlDataSource Connect(string connectionString)
    {
        try
        {
            return NpgsqlDataSource.Create(connectionString);
        }
        catch (ArgumentException e)
        {
            // The message names a key that is unknown, but no value.
            throw new ToolException($"The connection string of --to cannot be used: {e.Message}", e);
        }
    }
}
