using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

public sealed class RestoreTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TempDatabase _backup = new();

    public void Dispose()
    {
        _database.Dispose();
        _backup.Dispose();
    }

    public static TheoryData<string> Modes => ["WAL", "group commit", "Delete", "untrusted"];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Everything_is_as_it_was_when_the_backup_was_made(string mode)
    {
        await using SqlitePool pool = new(Options(mode));
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        string content = Hash(_backup.Path);
        await Fill(pool, "after");
        await pool.ExecuteAsync($"create table later(value)");
        List<BackupProgress> reports = [];

        await pool.RestoreAsync(_backup.Path, new Reporter(reports.Add)).Limited();

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
        Assert.Equal(content, Hash(_backup.Path));
        Assert.Equal(["test.db"], Directory.GetFiles(Path.GetDirectoryName(_backup.Path)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task It_waits_for_leases_while_rents_readers_and_queued_writes_wait_for_it()
    {
        await using SqlitePool pool = new(Options("group commit"));
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        await pool.ExecuteAsync($"delete from t");
        SqlitePoolConnection reader = await pool.RentReaderAsync();
        Assert.Equal("0", reader.Ask("select count(*) from t"));

        Task<SqlitePoolConnection>? rent = null;
        Task[] writes = [];
        Task restore = pool.RestoreAsync(
            _backup.Path,
            new Reporter(_ =>
            {
                // Another flow's, not that of the restore, which would be refused.
                using AsyncFlowControl other = ExecutionContext.SuppressFlow();
                rent ??= Task.Run(() => pool.RentAsync().AsTask());
                writes =
                    writes.Length > 0
                        ? writes
                        :
                        [
                            Task.Run(() => pool.Writes.ExecuteAsync($"insert into t(value) values ('queued')")),
                            Task.Run(() =>
                                pool.WriteAsync(static connection =>
                                    connection
                                        .CreateCommand("insert into t(value) values ('written')")
                                        .ExecuteNonQueryAsync()
                                )
                            ),
                        ];
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
        await pool.BackupAsync(_backup.Path);
        await Fill(pool, "after");
        using CancellationTokenSource stop = new();
        int reports = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            pool.RestoreAsync(
                    _backup.Path,
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
        await pool.BackupAsync(_backup.Path);
        using SqlitePoolConnection held = await pool.RentAsync();
        using CancellationTokenSource stop = new();
        Task restore = pool.RestoreAsync(_backup.Path, cancellationToken: stop.Token);
        await Limit.Until(() => pool.GetStatistics().Waiting > 0);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore.Limited());
        Assert.Equal(1, held.Run("insert into t(value) values ('still')"));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("folder")]
    [InlineData("empty")]
    [InlineData("text")]
    [InlineData("damaged")]
    [InlineData("cut off")]
    public async Task What_is_no_intact_database_is_refused_before_anything_is_touched(string kind)
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        await Spoil(kind);
        using SqlitePoolConnection held = await pool.RentAsync();

        // Though leases are out: it does not come to the wait for them.
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => pool.RestoreAsync(_backup.Path).Limited());

        switch (kind)
        {
            case "missing":
                Assert.IsType<FileNotFoundException>(refused);
                break;
            case "folder":
                Assert.IsType<ArgumentException>(refused);
                break;
            default:
                SqliteException failure = Assert.IsType<SqliteException>(refused);
                Assert.Contains(_backup.Path, failure.Message, StringComparison.Ordinal);
                Assert.Contains("nothing was changed", failure.Message, StringComparison.Ordinal);
                Assert.Contains(failure.SqliteErrorCode, new[] { 11, 26 });
                break;
        }

        Assert.Equal("3000", held.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-wal")]
    [InlineData("-shm")]
    [InlineData("symbolic link")]
    [InlineData("hard link")]
    public async Task Its_own_files_are_refused_by_whatever_name(string kind)
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        string link = _database.In("link");
        string path = kind switch
        {
            "symbolic link" => File.CreateSymbolicLink(link, _database.Path).FullName,
            "hard link" => HardLink(link),
            _ => _database.Path + kind,
        };

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => pool.RestoreAsync(path));

        Assert.Contains("own database", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("missing")]
    [InlineData("empty")]
    public async Task A_database_that_cannot_be_opened_any_more_is_restored_too(string kind)
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        await pool.RunExclusiveAsync(async token =>
        {
            switch (kind)
            {
                case "garbage":
                    await File.WriteAllBytesAsync(_database.Path, [.. Enumerable.Repeat((byte)'x', 100_000)], token);
                    await File.WriteAllTextAsync(_database.Path + "-wal", "of something else", token);
                    break;
                case "missing":
                    File.Delete(_database.Path);
                    break;
                default:
                    await File.WriteAllBytesAsync(_database.Path, [], token);
                    break;
            }
        });

        await pool.RestoreAsync(_backup.Path).Limited();

        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
        Assert.Equal("ok", lease.Ask("pragma integrity_check"));
        Assert.False(_database.Exists("-restore"));
    }

    [Fact]
    public async Task A_backup_with_pages_of_another_size_is_taken_by_a_file()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        MakeBackup(static backup =>
            backup.Run("pragma page_size=8192; create table other(value); insert into other values (1)")
        );

        await pool.RestoreAsync(_backup.Path).Limited();

        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("1", lease.Ask("select value from other"));
        Assert.Equal(("8192", "wal"), (lease.Ask("pragma page_size"), lease.Ask("pragma journal_mode")));
    }

    [Fact]
    public async Task One_that_the_options_would_not_open_is_refused()
    {
        SqlitePoolOptions options = Options("WAL");
        options.Pragmas.Additional["page_size"] = "4096";
        await using SqlitePool pool = new(options);
        await Fill(pool, "before");
        MakeBackup(static backup => backup.Run("pragma page_size=8192; create table other(value)"));

        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.RestoreAsync(_backup.Path).Limited()
        );

        Assert.Contains("page_size=8192", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_backup_with_a_WAL_of_its_own_is_read_with_it()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await using (SqlitePool other = new(_backup.Options()))
        {
            using SqlitePoolConnection lease = other.Rent();
            lease.Run("create table t(value); insert into t values ('in the WAL')");
            Assert.True(new FileInfo(_backup.Path + "-wal").Length > 0);
            await pool.RestoreAsync(_backup.Path).Limited();
        }

        using SqlitePoolConnection restored = await pool.RentAsync();
        Assert.Equal("in the WAL", restored.Ask("select value from t"));
    }

    [Fact]
    public async Task An_index_that_needs_a_collation_of_the_application_is_no_damage()
    {
        SqlitePoolOptions options = Options("WAL");
        options.ConnectionOpened = Register;
        await using SqlitePool pool = new(options);
        MakeBackup(static backup =>
        {
            Register(backup);
            backup.Run(
                "create table t(value text collate backwards check (length(value) < 100)); create index i on t(value)"
            );
            backup.Run("insert into t values ('a')");
        });

        await pool.RestoreAsync(_backup.Path).Limited();

        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("1", lease.Ask("select count(*) from t"));

        static void Register(SqliteConnection connection) =>
            connection.CreateCollation("backwards", static (left, right) => string.CompareOrdinal(right, left));
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
        await pool.BackupAsync(_backup.Path);
        await pool.ExecuteAsync($"drop table t");
        await pool.ExecuteAsync($"create table t(other)");

        await pool.RestoreAsync(_backup.Path).Limited();

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
    public async Task One_in_memory_says_which_size_of_pages_it_needs()
    {
        await using SqlitePool pool = new($"Data Source=restored{Guid.NewGuid():N};Mode=Memory;Cache=Shared");
        await Fill(pool, "before");
        MakeBackup(static backup => backup.Run("pragma page_size=8192; create table other(value)"));
        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.RestoreAsync(_backup.Path).Limited()
        );
        Assert.Contains("8192", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Another_process_that_is_in_the_way_is_named_and_nothing_is_changed()
    {
        SqlitePoolOptions options = Options("WAL");
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(50);
        await using SqlitePool pool = new(options);
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        using SqliteConnection other = _database.OpenDirectly();
        other.Run("begin immediate; delete from t");

        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.RestoreAsync(_backup.Path).Limited()
        );
        Assert.Equal(5, refused.SqliteErrorCode);
        Assert.Contains("Another process", refused.Message, StringComparison.Ordinal);
        other.Run("rollback");
        await pool.RestoreAsync(_backup.Path).Limited();
        Assert.Equal("3000", other.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Another_pool_on_the_file_sees_the_restored_state_and_goes_on_writing()
    {
        await using SqlitePool pool = new(Options("group commit"));
        await using SqlitePool other = new(Options("group commit"));
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        await other.ExecuteAsync($"delete from t");
        using (SqlitePoolConnection idle = await other.RentAsync())
        {
            Assert.Equal("0", idle.Ask("select count(*) from t"));
            await pool.RestoreAsync(_backup.Path).Limited();
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
        await pool.BackupAsync(_backup.Path);
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.WriteAsync(_ => pool.RestoreAsync(_backup.Path)).Limited()
        );
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.RunExclusiveAsync(token => pool.RestoreAsync(_backup.Path, cancellationToken: token)).Limited()
        );
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pool.RunExclusiveAsync(token => pool.RunExclusiveAsync(static _ => Task.CompletedTask, token)).Limited()
        );
        await using SqlitePool readOnly = new($"{_database.ConnectionString};Mode=ReadOnly");
        await Assert.ThrowsAsync<InvalidOperationException>(() => readOnly.RestoreAsync(_backup.Path));
        await pool.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RestoreAsync(_backup.Path));
    }

    [Fact]
    public async Task A_backup_in_a_folder_that_may_not_be_written_is_read_all_the_same()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(_backup.Path);
        string folder = Path.GetDirectoryName(_backup.Path)!;
        if (!Unprivileged.IsPossible)
        {
            return;
        }

        Unprivileged.SetMode(_backup.Path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        const UnixFileMode Everybody =
            UnixFileMode.UserRead
            | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute;
        Unprivileged.SetMode(folder, Everybody);
        long pages = Unprivileged.Run(() =>
        {
            using Pool.Sqlite.Maintenance.RestoreSource source = Pool.Sqlite.Maintenance.RestoreSource.Open(
                _backup.Path,
                Pool.Sqlite.Configuration.ConnectionStringParser.Parse(_database.ConnectionString),
                Options("WAL"),
                CancellationToken.None
            );
            return long.Parse(
                Pool.Sqlite.Sessions.NativeSql.Scalar(source.Handle, "PRAGMA page_count")!,
                System.Globalization.CultureInfo.InvariantCulture
            );
        });
        Unprivileged.SetMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.True(pages > 1);
    }

    private SqlitePoolOptions Options(string mode)
    {
        SqlitePoolOptions options = _database.Options();
        options.Untrusted = mode == "untrusted";
        options.Pragmas.JournalMode = mode == "Delete" ? JournalMode.Delete : JournalMode.Wal;
        options.Pragmas.Synchronous = mode == "group commit" ? SynchronousMode.Full : SynchronousMode.Normal;
        return options;
    }

    private static async Task Fill(SqlitePool pool, string value, int rows = 3_000)
    {
        await pool.ExecuteAsync($"create table if not exists t(value)");
        await pool.ExecuteAsync(
            $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) insert into t select {value} || ' row ' || i from n"
        );
    }

    private void MakeBackup(Action<SqliteConnection> fill)
    {
        using SqliteConnection backup = _backup.OpenDirectly();
        fill(backup);
    }

    private async Task Spoil(string kind)
    {
        byte[] content = await File.ReadAllBytesAsync(_backup.Path);
        switch (kind)
        {
            case "missing":
                File.Delete(_backup.Path);
                return;
            case "folder":
                File.Delete(_backup.Path);
                Directory.CreateDirectory(_backup.Path);
                return;
            case "empty":
                content = [];
                break;
            case "text":
                content = [.. Enumerable.Repeat((byte)'x', 10_000)];
                break;
            case "damaged":
                content.AsSpan(content.Length - 4096, 4096).Fill(0x5a);
                break;
            default:
                content = content[..(content.Length / 2)];
                break;
        }

        await File.WriteAllBytesAsync(_backup.Path, content);
    }

    private string HardLink(string link)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start("ln", [_database.Path, link]);
        process.WaitForExit();
        return link;
    }

    private static string Hash(string path) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    private sealed class Reporter(Action<BackupProgress> report) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => report(value);
    }
}
