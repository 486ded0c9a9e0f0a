using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

public sealed class RestoreTests : RestoreTest
{
    public static TheoryData<string> Modes => ["WAL", "group commit", "Delete", "untrusted"];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Everything_is_as_it_was_when_the_backup_was_made(string mode)
    {
        await using SqlitePool pool = new(Options(mode));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        string content = Hash(BackupFile.Path);
        await Fill(pool, "after");
        await pool.ExecuteAsync($"create table later(value)");
        List<BackupProgress> reports = [];

        await pool.RestoreAsync(BackupFile.Path, new Reporter(reports.Add)).Limited();

        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t where value like 'before%'"));
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
        Assert.Equal("0", lease.Ask("select count(*) from sqlite_master where name = 'later'"));
        Assert.Equal("ok", lease.Ask("pragma integrity_check"));
        Assert.Equal(mode == "Delete" ? "delete" : "wal", lease.Ask("pragma journal_mode"));
        Assert.Equal(reports[^1].PagesTotal, reports[^1].PagesDone);
        Assert.True(reports[^1].PagesTotal > 0);

        // It is written as before, and the backup is not.
        await pool.ExecuteAsync($"insert into t(value) values ('again')");
        Assert.Equal(content, Hash(BackupFile.Path));
        Assert.Equal(["test.db"], Directory.GetFiles(Path.GetDirectoryName(BackupFile.Path)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task It_waits_for_leases_while_rents_readers_and_queued_writes_wait_for_it()
    {
        await using SqlitePool pool = new(Options("group commit"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        await pool.ExecuteAsync($"delete from t");
        SqlitePoolConnection reader = await pool.RentReaderAsync();
        Assert.Equal("0", reader.Ask("select count(*) from t"));

        Task<SqlitePoolConnection>? rent = null;
        Task[] writes = [];
        Task restore = pool.RestoreAsync(
            BackupFile.Path,
            new Reporter(_ =>
            {
                if (rent is null)
                {
                    // Another flow's, not that of the restore, which would be refused. They have begun to wait then.
                    OtherFlow.Run(() =>
                    {
                        rent = pool.RentAsync().AsTask();
                        writes =
                        [
                            pool.Writes.ExecuteAsync($"insert into t(value) values ('queued')"),
                            pool.WriteAsync(static connection =>
                                connection
                                    .CreateCommand("insert into t(value) values ('written')")
                                    .ExecuteNonQueryAsync()
                            ),
                        ];
                    });
                    Assert.DoesNotContain((Task[])[rent!, .. writes], static task => task.IsCompleted);
                }
            })
        );
        await Limit.Until(() => pool.GetStatistics().Waiting > 0);
        Assert.False(restore.IsCompleted);
        Assert.Equal("0", reader.Ask("select count(*) from t"));
        reader.Dispose();

        await restore.Limited();
        using SqlitePoolConnection lease = await rent!.Limited();
        await Task.WhenAll(writes).Limited();
        Assert.Equal("3002", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_cancellation_in_the_midst_leaves_what_was_there_before()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.ExecuteAsync($"insert into t values (zeroblob(10000000))");
        await pool.BackupAsync(BackupFile.Path);
        await Fill(pool, "after");
        using CancellationTokenSource stop = new();
        int reports = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            pool.RestoreAsync(
                    BackupFile.Path,
                    new Reporter(_ =>
                    {
                        reports++;
                        stop.Cancel();
                    }),
                    stop.Token
                )
                .Limited()
        );

        Assert.Equal(1, reports);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("6001", lease.Ask("select count(*) from t"));
        Assert.Equal("ok", lease.Ask("pragma integrity_check"));
    }

    [Fact]
    public async Task One_that_is_cancelled_while_it_waits_does_nothing()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        using SqlitePoolConnection held = await pool.RentAsync();
        using CancellationTokenSource stop = new();
        Task restore = pool.RestoreAsync(BackupFile.Path, cancellationToken: stop.Token);
        await Limit.Until(() => pool.GetStatistics().Waiting > 0);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore.Limited());
        Assert.Equal(1, held.Run("insert into t(value) values ('still')"));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("missing")]
    [InlineData("empty")]
    public async Task A_database_that_cannot_be_opened_any_more_is_restored_too(string kind)
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        await pool.RunExclusiveAsync(async token =>
        {
            switch (kind)
            {
                case "garbage":
                    await File.WriteAllBytesAsync(Database.Path, [.. Enumerable.Repeat((byte)'x', 100_000)], token);
                    await File.WriteAllTextAsync(Database.Path + "-wal", "of something else", token);
                    break;
                case "missing":
                    File.Delete(Database.Path);
                    break;
                default:
                    await File.WriteAllBytesAsync(Database.Path, [], token);
                    break;
            }
        });

        await pool.RestoreAsync(BackupFile.Path).Limited();

        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
        Assert.Equal("ok", lease.Ask("pragma integrity_check"));
        Assert.False(Database.Exists("-restore"));
    }

    [Theory]
    [InlineData("Data Source=restored;Mode=Memory;Cache=Shared")]
    [InlineData("Data Source=:memory:")]
    public async Task A_database_in_memory_is_restored(string connectionString)
    {
        await using SqlitePool pool = new(
            connectionString.Replace("restored", $"restored{Guid.NewGuid():N}", StringComparison.Ordinal)
        );
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        await pool.ExecuteAsync($"drop table t");
        await pool.ExecuteAsync($"create table t(other)");

        await pool.RestoreAsync(BackupFile.Path).Limited();

        using (SqlitePoolConnection lease = await pool.RentAsync())
        {
            Assert.Equal("3000", lease.Ask("select count(*) from t where value like 'before%'"));
        }

        await pool.Writes.ExecuteAsync($"insert into t(value) values ('queued')").Limited();
        Assert.Equal(
            3001L,
            await pool.ReadAsync(static async reader =>
                (long)(await reader.CreateCommand("select count(*) from t").ExecuteScalarAsync())!
            )
        );
    }

    [Fact]
    public async Task One_that_is_cancelled_while_it_waits_for_a_lock_on_the_backup_says_so()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        using SqliteConnection other = BackupFile.OpenDirectly();

        // Under a WAL, readers would not wait.
        other.Run("pragma journal_mode=delete");
        other.Run("begin exclusive");
        int open = BackupFile.OpenFiles().Length;
        using CancellationTokenSource cancellation = new();
        Task restore = pool.RestoreAsync(BackupFile.Path, cancellationToken: cancellation.Token);
        await Limit.Until(() => BackupFile.OpenFiles().Length > open);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore.Limited());
        other.Run("rollback");
        await pool.RestoreAsync(BackupFile.Path).Limited();
    }

    [Fact]
    public async Task Another_process_that_is_in_the_way_is_named_and_nothing_is_changed()
    {
        SqlitePoolOptions options = Options("WAL");
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(50);
        await using SqlitePool pool = new(options);
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        using SqliteConnection other = Database.OpenDirectly();
        other.Run("begin immediate; delete from t");

        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.RestoreAsync(BackupFile.Path).Limited()
        );
        Assert.Equal(5, refused.SqliteErrorCode);
        Assert.Contains("Another process", refused.Message, StringComparison.Ordinal);
        other.Run("rollback");
        await pool.RestoreAsync(BackupFile.Path).Limited();
        Assert.Equal("3000", other.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Another_pool_on_the_file_sees_the_restored_state_and_goes_on_writing()
    {
        await using SqlitePool pool = new(Options("group commit"));
        await using SqlitePool other = new(Options("group commit"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        await other.ExecuteAsync($"delete from t");
        using (SqlitePoolConnection idle = await other.RentAsync())
        {
            Assert.Equal("0", idle.Ask("select count(*) from t"));
            await pool.RestoreAsync(BackupFile.Path).Limited();
            Assert.Equal("3000", idle.Ask("select count(*) from t"));
        }

        await other.ExecuteAsync($"insert into t(value) values ('after')");
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3001", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Where_it_would_wait_for_itself_it_is_refused_at_once()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.WriteAsync(_ => pool.RestoreAsync(BackupFile.Path)).Limited()
        );
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.RunExclusiveAsync(token => pool.RestoreAsync(BackupFile.Path, cancellationToken: token)).Limited()
        );
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.RunExclusiveAsync(token => pool.RunExclusiveAsync(static _ => Task.CompletedTask, token)).Limited()
        );
        await using SqlitePool readOnly = new($"{Database.ConnectionString};Mode=ReadOnly");
        await Assert.ThrowsAsync<InvalidOperationException>(() => readOnly.RestoreAsync(BackupFile.Path));
        await pool.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RestoreAsync(BackupFile.Path));
    }

    private static string Hash(string path) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    private sealed class Reporter(Action<BackupProgress> report) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => report(value);
    }
}
