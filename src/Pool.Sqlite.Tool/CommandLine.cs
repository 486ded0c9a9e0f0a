using System.CommandLine;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pool.Sqlite.Tool.Copying;

namespace Pool.Sqlite.Tool;

/// <summary>The commands with their arguments, and what to say when something is wrong.</summary>
internal static class CommandLine
{
    private const string Help = """
        Looks after SQLite databases, also while a program uses them.

        Examples:
          pool-sqlite check app.db
          pool-sqlite backup app.db /backups/app.db
          pool-sqlite query app.db "select count(*) from orders" --json
          pool-sqlite copy app.db --to "Host=localhost;Database=app;Username=app" --create-tables

        Exit codes: 0 done, 1 the check has found damage, 2 wrong command line, 3 failed.
        """;

    private static readonly Argument<string> FileArgument = new("FILE") { Description = "The database file." };
    private static readonly Option<bool> Json = new("--json") { Description = "Write JSON." };

    /// <summary>Runs a command line.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> Run(string[] args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = Root(terminal).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            terminal.Progress(
                $"{string.Join(Environment.NewLine, parsed.Errors.Select(static error => error.Message))}"
            );
            terminal.Progress($"See pool-sqlite --help.");
            return ExitCode.Usage;
        }

        try
        {
            InvocationConfiguration configuration = new()
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            terminal.Progress($"Stopped.");
            return ExitCode.Failure;
        }
        catch (Exception e)
            when (e
                    is ToolException
                        or SqliteException
                        or NpgsqlException
                        or IOException
                        or UnauthorizedAccessException
                        or ArgumentException
                        or InvalidOperationException
                        or TimeoutException
            )
        {
            terminal.Progress($"{e.Message}");
            return ExitCode.Failure;
        }
    }

    private static RootCommand Root(Terminal terminal) =>
        new(Help)
        {
            Check(terminal),
            Stats(terminal),
            Backup(terminal),
            Restore(terminal),
            Vacuum(terminal),
            Checkpoint(terminal),
            Query(terminal),
            Copy(terminal),
        };

    private static Command Check(Terminal terminal)
    {
        Option<bool> quick = new("--quick")
        {
            Description = "Leave out the comparison of indexes with tables, and " + "foreign keys.",
        };
        Command command = new(
            "check",
            "Looks for damage and broken foreign keys, shows the settings that are in the file, and gives " + "advice."
        )
        {
            FileArgument,
            quick,
            Json,
        };
        command.SetAction(
            (options, token) =>
                CheckCommand.Run(
                    options.GetValue(FileArgument)!,
                    options.GetValue(quick),
                    options.GetValue(Json),
                    terminal,
                    token
                )
        );
        return command;
    }

    private static Command Stats(Terminal terminal)
    {
        Command command = new(
            "stats",
            "Shows for each table how many rows it has, how large its values are, and " + "how many indexes it has."
        )
        {
            FileArgument,
            Json,
        };
        command.SetAction(
            (options, token) =>
                StatsCommand.Run(options.GetValue(FileArgument)!, options.GetValue(Json), terminal, token)
        );
        return command;
    }

    private static Command Backup(Terminal terminal)
    {
        Argument<string> to = new("TO")
        {
            Description = "The file of the copy. One that exists is replaced when " + "the copy is complete.",
        };
        Command command = new("backup", "Copies a database as it is at this moment, also while it is " + "used.")
        {
            FileArgument,
            to,
        };
        command.SetAction(
            (options, token) =>
                MaintenanceCommands.Backup(options.GetValue(FileArgument)!, options.GetValue(to)!, terminal, token)
        );
        return command;
    }

    private static Command Restore(Terminal terminal)
    {
        Argument<string> from = new("FROM") { Description = "The backup." };
        Command command = new(
            "restore",
            "Replaces all that is in FILE by what a backup contains: all of it, or nothing when that fails."
        )
        {
            from,
            FileArgument,
        };
        command.SetAction(
            (options, token) =>
                MaintenanceCommands.Restore(options.GetValue(from)!, options.GetValue(FileArgument)!, terminal, token)
        );
        return command;
    }

    private static Command Vacuum(Terminal terminal)
    {
        Command command = new("vacuum", "Writes a database anew without its free pages.") { FileArgument };
        command.SetAction(
            (options, token) => MaintenanceCommands.Vacuum(options.GetValue(FileArgument)!, terminal, token)
        );
        return command;
    }

    private static Command Checkpoint(Terminal terminal)
    {
        Option<CheckpointMode> mode = new("--mode")
        {
            Description = "How far it goes.",
            DefaultValueFactory = static _ => CheckpointMode.Truncate,
        };
        Command command = new("checkpoint", "Moves what the write-ahead log holds into the database " + "file.")
        {
            FileArgument,
            mode,
        };
        command.SetAction(
            (options, token) =>
                MaintenanceCommands.Checkpoint(options.GetValue(FileArgument)!, options.GetValue(mode), terminal, token)
        );
        return command;
    }

    private static Command Query(Terminal terminal)
    {
        Argument<string> sql = new("SQL") { Description = "One statement that reads." };
        Command command = new("query", "Runs a statement that reads, and shows its rows. Nothing can be written.")
        {
            FileArgument,
            sql,
            Json,
        };
        command.SetAction(
            (options, token) =>
                QueryCommand.Run(
                    options.GetValue(FileArgument)!,
                    options.GetValue(sql)!,
                    options.GetValue(Json),
                    terminal,
                    token
                )
        );
        return command;
    }

    private static Command Copy(Terminal terminal)
    {
        Option<string?> to = new("--to")
        {
            Description =
                "The PostgreSQL database, as a connection string of Npgsql. Instead of it, so that no "
                + "password is in the "
                + $"command line: the environment variable {CopyCommand.ConnectionVariable}.",
            HelpName = "CONNECTION",
        };
        Option<bool> create = new("--create-tables")
        {
            Description =
                "Create the tables, with primary keys, foreign keys and indexes. Otherwise they must "
                + "exist, and be empty.",
        };
        Option<string> schema = new("--schema")
        {
            Description = "The schema in PostgreSQL.",
            HelpName = "NAME",
            DefaultValueFactory = static _ => "public",
        };
        Command command = new(
            "copy",
            "Copies all rows of all tables to PostgreSQL, in one transaction, and compares what has arrived: all "
                + "of it, or nothing."
        )
        {
            FileArgument,
            to,
            create,
            schema,
        };
        command.SetAction(
            (options, token) =>
                CopyCommand.Run(
                    options.GetValue(FileArgument)!,
                    options.GetValue(to),
                    options.GetValue(create),
                    options.GetValue(schema)!,
                    terminal,
                    token
                )
        );
        return command;
    }
}
