namespace Pool.Sqlite.Tool;

/// <summary><c>backup</c>, <c>restore</c>, <c>vacuum</c>, <c>checkpoint</c>.</summary>
internal static class MaintenanceCommands
{
    private const string Itself = "the database itself, or a file that belongs to it, perhaps by another name.";

    public static async Task<int> Backup(string path, string to, Terminal terminal, CancellationToken cancellationToken)
    {
        if (to.Length == 0 || Directory.Exists(to))
        {
            throw new ToolException(
                to.Length == 0
                    ? "TO is empty. Name a file for the copy."
                    : $"{to} is a folder. Name a file in it for the copy."
            );
        }

        await using ReadDatabase database = DatabaseFile.OpenToRead(path);
        try
        {
            await database.Pool.BackupAsync(to, new PageProgress(terminal), cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"{to} is {Itself} Name another file for the copy.", e);
        }

        terminal.Write($"{path} is copied to {to} ({Terminal.Size(new FileInfo(to).Length)}).");
        return ExitCode.Success;
    }

    public static async Task<int> Restore(
        string from,
        string path,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        if (!File.Exists(from))
        {
            throw new ToolException($"There is no file {from}.");
        }

        await using SqlitePool pool = DatabaseFile.OpenToReplace(path);
        try
        {
            await pool.RestoreAsync(from, new PageProgress(terminal), cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"{from} is {Itself} Name the backup to restore from.", e);
        }

        terminal.Write($"{path} has the content of {from}.");
        return ExitCode.Success;
    }

    public static async Task<int> Vacuum(string path, Terminal terminal, CancellationToken cancellationToken)
    {
        long before;
        await using (SqlitePool pool = DatabaseFile.OpenToWrite(path))
        {
            before = new FileInfo(path).Length;
            await pool.VacuumAsync(cancellationToken);
        }

        terminal.Write($"{path} had {Terminal.Size(before)}, and has {Terminal.Size(new FileInfo(path).Length)}.");
        return ExitCode.Success;
    }

    public static async Task<int> Checkpoint(
        string path,
        CheckpointMode mode,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        await using SqlitePool pool = DatabaseFile.OpenToWrite(path);
        CheckpointResult result = await pool.CheckpointAsync(mode, cancellationToken);
        using SqlitePoolConnection connection = await pool.RentAsync(cancellationToken);
        if (connection.Ask("PRAGMA journal_mode") != "wal")
        {
            terminal.Write($"{path} has no write-ahead log: its journal mode is another one.");
            return ExitCode.Success;
        }

        string moved = $"{Terminal.Number(result.CheckpointedFrames)} of {Terminal.Number(result.WalFrames)} pages";
        terminal.Write(
            result.Completed
                ? (FormattableString)$"The write-ahead log of {path} is moved into the file ({moved})."
                : $"Of the write-ahead log of {path}, {moved} are moved into the file; readers need the rest."
        );
        return result.Completed ? ExitCode.Success : ExitCode.Failure;
    }

    private sealed class PageProgress(Terminal terminal) : IProgress<BackupProgress>
    {
        private int _percent;

        public void Report(BackupProgress value)
        {
            int percent = value.PagesTotal == 0 ? 100 : (int)(100L * value.PagesDone / value.PagesTotal);
            if (percent / 10 > _percent / 10)
            {
                terminal.Progress(
                    $"{percent} % ({Terminal.Number(value.PagesDone)} of {Terminal.Number(value.PagesTotal)} pages)"
                );
            }

            _percent = percent;
        }
    }
}
