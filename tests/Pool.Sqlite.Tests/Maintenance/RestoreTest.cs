using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>A database, and a backup of it that is restored.</summary>
public abstract class RestoreTest : IDisposable
{
    private protected TempDatabase Database { get; } = new();

    private protected TempDatabase BackupFile { get; } = new();

    public void Dispose()
    {
        Database.Dispose();
        BackupFile.Dispose();
        GC.SuppressFinalize(this);
    }

    protected SqlitePoolOptions Options(string mode)
    {
        SqlitePoolOptions options = Database.Options();
        options.Untrusted = mode == "untrusted";
        options.Pragmas.JournalMode = mode == "Delete" ? JournalMode.Delete : JournalMode.Wal;
        options.Pragmas.Synchronous = mode == "group commit" ? SynchronousMode.Full : SynchronousMode.Normal;
        return options;
    }

    protected static async Task Fill(SqlitePool pool, string value, int rows = 3_000)
    {
        await pool.ExecuteAsync($"create table if not exists t(value)");
        await pool.ExecuteAsync(
            $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) insert into t select {value} || ' row ' || i from n"
        );
    }
}
