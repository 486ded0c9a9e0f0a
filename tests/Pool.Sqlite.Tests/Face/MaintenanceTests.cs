using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class MaintenanceTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TempDatabase _copy = new();
    private readonly SqlitePool _pool;

    public MaintenanceTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value text)");
        connection.Run("create index by_value on t(value)");
        Fill(connection, 5_000);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
        _copy.Dispose();
    }

    [Fact]
    public async Task A_truncating_checkpoint_leaves_an_empty_WAL()
    {
        Assert.NotEqual(0, WalBytes);
        CheckpointResult result = await _pool.CheckpointAsync(CheckpointMode.Truncate);
        Assert.Equal(new CheckpointResult(true, 0, 0), result);
        Assert.Equal(0, WalBytes);
    }

    [Fact]
    public async Task A_passive_one_moves_all_that_no_reader_needs()
    {
        CheckpointResult result = await _pool.CheckpointAsync();
        Assert.True(result.Completed);
        Assert.NotEqual(0, result.WalFrames);
        Assert.Equal(result.WalFrames, result.CheckpointedFrames);
    }

    [Fact]
    public async Task A_reader_that_needs_the_past_is_reported_and_writes_go_on_meanwhile()
    {
        FakeTimeProvider time = new();
        await using SqlitePool pool = new(_database.Options(), timeProvider: time);
        using SqlitePoolConnection reader = pool.RentReader();
        Assert.Equal("5000", reader.Ask("select count(*) from t"));

        // Synchronously, as all is that opens a connection here: it needs no timer.
        using (SqlitePoolConnection writer = pool.RentWriter())
        using (SqlitePoolConnection other = pool.Rent())
        {
            Fill(writer, 1);
        }
        int timers = time.ArmedTimers;
        Task<CheckpointResult> checkpoint = pool.CheckpointAsync(CheckpointMode.Truncate);
        await ItPauses();
        await pool.ExecuteAsync($"insert into t(value) values ('meanwhile')").Limited();
        while (!checkpoint.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await ItPauses();
        }

        Assert.False((await checkpoint).Completed);
        Assert.Equal("5000", reader.Ask("select count(*) from t"));
        reader.Dispose();
        Assert.True((await pool.CheckpointAsync(CheckpointMode.Truncate).Limited()).Completed);

        // The pause before its next try is the only timer that it needs.
        Task ItPauses() => Limit.Until(() => checkpoint.IsCompleted || time.ArmedTimers > timers);
    }

    [Fact]
    public async Task A_checkpoint_waits_for_the_write_gate()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        SqlitePoolTransaction transaction = connection.BeginTransaction();
        Task<CheckpointResult> checkpoint = OtherFlow.Run(() => _pool.CheckpointAsync());
        await Limit.Until(() => _pool.GetStatistics().WriteGateWaiting == 1);
        Assert.False(checkpoint.IsCompleted);
        transaction.Commit();
        Assert.True((await checkpoint.Limited()).Completed);
    }

    [Fact]
    public async Task A_mode_that_is_none_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _pool.CheckpointAsync((CheckpointMode)7));

    [Fact]
    public async Task Optimize_gathers_what_the_planner_needs_and_leaves_the_session_as_it_was()
    {
        using (SqlitePoolConnection connection = _pool.RentWriter())
        {
            // It looks again at what has become 25 times as large.
            connection.Run("delete from t where id > 1000");
            connection.Run("analyze");
            Fill(connection, 100_000);
            connection.Ask("select count(*) from t where value = 'x'");
        }

        await _pool.OptimizeAsync();

        using SqlitePoolConnection writer = _pool.RentWriter();
        Assert.Equal("0", writer.Ask("pragma analysis_limit"));
        string rows = writer.Ask("select stat from sqlite_stat1 where idx = 'by_value'")!.Split(' ')[0];
        Assert.InRange(int.Parse(rows, CultureInfo.InvariantCulture), 50_000, 150_000);
        Assert.Equal(0, _pool.GetStatistics().Discarded);
    }

    [Fact]
    public async Task Optimize_waits_for_the_lock_of_another_process()
    {
        FakeTimeProvider time = new();
        await using SqlitePool pool = new(_database.Options(), timeProvider: time);
        using (SqlitePoolConnection connection = pool.RentWriter())
        {
            connection.Run("delete from t where id > 1000");
            connection.Run("analyze");
            Fill(connection, 100_000);
            connection.Ask("select count(*) from t where value = 'x'");
        }

        using SqliteConnection outside = _database.OpenDirectly();
        outside.Run("begin immediate");
        int timers = time.ArmedTimers;
        Task optimizing = pool.OptimizeAsync();

        // The pause before its next try is the only timer that it needs.
        await Limit.Until(() => optimizing.IsCompleted || time.ArmedTimers > timers);
        Assert.False(optimizing.IsCompleted, "It did not wait.");
        outside.Run("rollback");
        time.Advance(TimeSpan.FromSeconds(1));

        await optimizing.Limited();
    }

    [Fact]
    public async Task A_backup_is_the_database_as_it_was_when_it_began()
    {
        List<BackupProgress> reports = [];
        using SqlitePoolConnection connection = _pool.Rent();
        Fill(connection, 100_000);
        await _pool.BackupAsync(
            _copy.Path,
            new Reporter(report =>
            {
                // Written between two of its steps.
                connection.Run("insert into t(value) values ('too late')");
                reports.Add(report);
            })
        );

        using SqliteConnection copy = _copy.OpenDirectly();
        Assert.Equal("105000", copy.Ask("select count(*) from t"));
        Assert.Equal("ok", copy.Ask("pragma integrity_check"));
        Assert.True(reports.Count > 1, $"{reports.Count} reports");
        Assert.Equal(reports[^1].PagesTotal, reports[^1].PagesDone);
        Assert.Equal("0", copy.Ask("select count(*) from t where value = 'too late'"));
    }

    [Fact]
    public async Task A_backup_replaces_the_one_before_only_when_it_is_complete()
    {
        await _pool.BackupAsync(_copy.Path);
        using CancellationTokenSource stop = new();
        using (SqlitePoolConnection connection = _pool.Rent())
        {
            Fill(connection, 100_000);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.BackupAsync(_copy.Path, new Reporter(_ => stop.Cancel()), stop.Token)
        );
        Assert.Equal("5000", Copied());
        await _pool.BackupAsync(_copy.Path);
        Assert.Equal("105000", Copied());

        string? Copied()
        {
            using SqliteConnection copy = _copy.OpenDirectly();
            return copy.Ask("select count(*) from t");
        }
    }

    [Fact]
    public async Task A_backup_that_fails_leaves_no_file()
    {
        using CancellationTokenSource stop = new();
        using SqlitePoolConnection connection = _pool.Rent();
        Fill(connection, 100_000);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.BackupAsync(_copy.Path, new Reporter(_ => stop.Cancel()), stop.Token)
        );
        Assert.False(File.Exists(_copy.Path));
    }

    [Theory]
    [InlineData("itself")]
    [InlineData("itself with dots")]
    [InlineData("-wal")]
    [InlineData("-shm")]
    [InlineData("-journal")]
    [InlineData("symbolic link")]
    [InlineData("symbolic link to the journal")]
    [InlineData("hard link")]
    [InlineData("link to the folder")]
    public async Task A_backup_onto_one_of_its_own_files_is_refused_and_nothing_is_lost(string kind)
    {
        string folder = Path.GetDirectoryName(_database.Path)!;
        string link = _database.In("link");
        string path = kind switch
        {
            "itself" => _database.Path,
            "itself with dots" => Path.Combine(folder, "..", Path.GetFileName(folder), "test.db"),
            "symbolic link" => File.CreateSymbolicLink(link, _database.Path).FullName,
            "symbolic link to the journal" => File.CreateSymbolicLink(link, _database.Path + "-journal").FullName,
            "hard link" => HardLink(link),
            "link to the folder" => Path.Combine(
                Directory.CreateSymbolicLink(_copy.In("folder"), folder).FullName,
                "test.db"
            ),
            _ => _database.Path + kind,
        };

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => _pool.BackupAsync(path));

        Assert.Contains("own database", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("5000", connection.Ask("select count(*) from t"));
        Assert.Equal("ok", connection.Ask("pragma integrity_check"));
    }

    [Fact]
    public async Task A_backup_to_a_folder_or_into_none_says_so()
    {
        string folder = Path.GetDirectoryName(_copy.Path)!;
        Assert.Contains(
            "is a folder",
            (await Assert.ThrowsAsync<ArgumentException>(() => _pool.BackupAsync(folder))).Message,
            StringComparison.Ordinal
        );
        string missing = Path.Combine(folder, "missing", "copy.db");
        Assert.Contains(
            "does not exist",
            (await Assert.ThrowsAsync<DirectoryNotFoundException>(() => _pool.BackupAsync(missing))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_connection_string_has_the_last_word_on_foreign_keys()
    {
        await using SqlitePool pool = new($"Data Source={_database.Path};Foreign Keys=False");
        using SqlitePoolConnection connection = await pool.RentAsync();
        Assert.Equal("0", connection.Ask("pragma foreign_keys"));
    }

    private string HardLink(string link)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start("ln", [_database.Path, link]);
        process.WaitForExit();
        return link;
    }

    private long WalBytes => new FileInfo(_database.Path + "-wal").Length;

    private static void Fill(SqlitePoolConnection connection, int rows) =>
        connection.Run(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < "
                + rows
                + ") insert into t(value) select 'a value of row ' || i from n"
        );

    private sealed class Reporter(Action<BackupProgress> report) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => report(value);
    }
}
