namespace Pool.Sqlite.Tests.Writer;

/// <summary>A process that restores a database from one backup after the other until it is killed.</summary>
internal static class Restoring
{
    /// <summary>Says a line when it begins, for each part that is copied, and when a restore is done.</summary>
    public static async Task<int> Run(string path, string[] backups)
    {
        await using SqlitePool pool = new($"Data Source={path}");
        for (int i = 0; ; i++)
        {
            Console.WriteLine("begins");
            await pool.RestoreAsync(backups[i % backups.Length], new Reporter());
            Console.WriteLine("done");
        }
    }

    private sealed class Reporter : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => Console.WriteLine(value.PagesDone);
    }
}
