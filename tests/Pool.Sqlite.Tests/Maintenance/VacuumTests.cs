using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

public sealed class VacuumTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TempDatabase _copy = new();

    public void Dispose()
    {
        _database.Dispose();
        _copy.Dispose();
    }

    [Theory]
    [InlineData(JournalMode.Wal, false)]
    [InlineData(JournalMode.Delete, false)]
    [InlineData(JournalMode.Wal, true)]
    public async Task The_file_gives_back_what_was_freed(JournalMode mode, bool untrusted)
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.JournalMode = mode;
        options.Untrusted = untrusted;
        await using SqlitePool pool = new(options);
        await Fill(pool);
        await pool.ExecuteAsync($"delete from t where id > 10");
        await pool.CheckpointAsync(CheckpointMode.Truncate);
        long before = new FileInfo(_database.Path).Length;

        await pool.VacuumAsync().Limited();

        Assert.InRange(new FileInfo(_database.Path).Length, 1, before / 10);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("10", lease.Ask("select count(*) from t"));
        Assert.Equal("0", lease.Ask("pragma freelist_count"));
    }

    [Fact]
    public async Task Readers_and_writers_go_on()
    {
        await using SqlitePool pool = new(_database.Options());
        await Fill(pool);
        using SqlitePoolConnection reader = await pool.RentReaderAsync();
        Assert.Equal("1000", reader.Ask("select count(*) from t"));
        await pool.ExecuteAsync($"delete from t where id > 10");

        await pool.VacuumAsync().Limited();

        Assert.Equal("1000", reader.Ask("select count(*) from t"));
        await pool.ExecuteAsync($"insert into t(value) values ('after')").Limited();
        await pool.Writes.ExecuteAsync($"insert into t(value) values ('queued')").Limited();
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("12", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task It_waits_for_the_write_gate_and_one_that_is_cancelled_meanwhile_does_nothing()
    {
        await using SqlitePool pool = new(_database.Options());
        await Fill(pool);
        using SqlitePoolConnection writer = await pool.RentAsync();
        SqlitePoolTransaction transaction = writer.BeginTransaction();
        using CancellationTokenSource stop = new();
        Task cancelled = OtherFlow.Run(() => pool.VacuumAsync(stop.Token));
        Task vacuum = OtherFlow.Run(() => pool.VacuumAsync());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
        Assert.False(vacuum.IsCompleted);
        transaction.Commit();
        await vacuum.Limited();
    }

    [Fact]
    public async Task Another_connection_that_is_in_the_way_is_waited_for_until_the_busy_timeout()
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(50);
        await using SqlitePool pool = new(options);
        await Fill(pool);
        using SqliteConnection other = _database.OpenDirectly();
        other.Run("begin immediate");
        SqliteException failed = await Assert.ThrowsAsync<SqliteException>(() => pool.VacuumAsync().Limited());
        Assert.Equal(5, failed.SqliteErrorCode);
        other.Run("rollback");
        await pool.VacuumAsync().Limited();
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=vacuumed;Mode=Memory;Cache=Shared")]
    public async Task A_database_in_memory_keeps_what_it_has(string connectionString)
    {
        await using SqlitePool pool = new(connectionString);
        await Fill(pool);
        await pool.VacuumAsync().Limited();
        await pool.VacuumAsync(_copy.Path).Limited();
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("1000", lease.Ask("select count(*) from t"));
        Assert.Equal("1000", Copied());
    }

    [Fact]
    public async Task A_copy_is_compact_and_leaves_the_database_as_it_is()
    {
        await using SqlitePool pool = new(_database.Options());
        await Fill(pool);
        await pool.ExecuteAsync($"delete from t where id > 10");
        await pool.CheckpointAsync(CheckpointMode.Truncate);
        long before = new FileInfo(_database.Path).Length;
        using SqlitePoolConnection reader = await pool.RentReaderAsync();
        reader.Ask("select count(*) from t");
        string quoted = _copy.In("it's a copy.db");

        await pool.VacuumAsync(quoted).Limited();

        Assert.Equal(before, new FileInfo(_database.Path).Length);
        Assert.InRange(new FileInfo(quoted).Length, 1, before / 10);
        File.Move(quoted, _copy.Path);
        Assert.Equal("10", Copied());
    }

    [Fact]
    public async Task A_copy_onto_what_exists_or_onto_its_own_files_is_refused()
    {
        await using SqlitePool pool = new(_database.Options());
        await Fill(pool);
        await Assert.ThrowsAsync<ArgumentException>(() => pool.VacuumAsync(_database.Path));
        await Assert.ThrowsAsync<ArgumentException>(() => pool.VacuumAsync(_database.Path + "-journal"));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => pool.VacuumAsync(_copy.In("missing/copy.db")));
        await File.WriteAllTextAsync(_copy.Path, "something");
        await Assert.ThrowsAsync<IOException>(() => pool.VacuumAsync(_copy.Path));
        Assert.Equal("something", await File.ReadAllTextAsync(_copy.Path));
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            pool.VacuumAsync(_copy.In("never.db"), stop.Token)
        );
        Assert.False(File.Exists(_copy.In("never.db")));
    }

    private string? Copied()
    {
        using SqliteConnection copy = _copy.OpenDirectly();
        return copy.Ask("select count(*) from t");
    }

    private static async Task Fill(SqlitePool pool)
    {
        await pool.ExecuteAsync($"create table t(id integer primary key, value)");
        await pool.ExecuteAsync(
            $"with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) insert into t(value) select zeroblob(1000) from n"
        );
    }
}
