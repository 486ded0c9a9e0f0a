namespace Pool.Sqlite.Tool;

/// <summary><c>backup</c>, <c>restore</c>, <c>vacuum</c>, <c>checkpoint</c>.</summary>
internal static class MaintenanceCommands
{
    public static async Task<int> Backup(string path, string to, Terminal terminal, CancellationToken cancellationToken)
    {
        await using SqlitePool pool = DatabaseFile.OpenToRead(path);
        await pool.BackupAsync(to, new PageProgress(terminal), cancellationToken);
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
        await pool.RestoreAsync(from, new PageProgress(terminal), cancellationToken);
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
