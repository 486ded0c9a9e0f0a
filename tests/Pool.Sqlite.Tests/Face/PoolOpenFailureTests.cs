using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// What cannot be opened: the driver's own exception with its code, the path and what was being tried; no file left
/// open; and the pool works once the cause is gone.
/// </summary>
public sealed class PoolOpenFailureTests : IDisposable
{
    private const int CannotOpen = 14;
    private const int ReadOnly = 8;
    private const int NotADatabase = 26;

    private const UnixFileMode Reading =
        UnixFileMode.UserRead
        | UnixFileMode.GroupRead
        | UnixFileMode.OtherRead
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherExecute;

    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();

    [Fact]
    public Task A_file_that_is_no_database() =>
        FailsUntil(
            NotADatabase,
            "journal_mode",
            before: () => File.WriteAllText(_database.Path, new string('x', 5000)),
            mended: () => File.Delete(_database.Path)
        );

    [Fact]
    public Task A_directory() =>
        FailsUntil(
            CannotOpen,
            "opening it",
            before: () => Directory.CreateDirectory(_database.Path),
            mended: () => Directory.Delete(_database.Path)
        );

    [Fact]
    public Task A_directory_that_is_missing() =>
        FailsUntil(
            CannotOpen,
            "opening it",
            before: () => { },
            mended: () => Directory.CreateDirectory(_database.In("sub")),
            connectionString: $"Data Source={_database.In("sub/test.db")}"
        );

    [Fact]
    public Task A_file_that_is_missing_and_must_exist() =>
        FailsUntil(
            CannotOpen,
            "opening it",
            before: () => { },
            mended: () => _database.OpenDirectly().Dispose(),
            connectionString: $"{_database.ConnectionString};Mode=ReadWrite"
        );

    [Fact]
    public Task A_file_that_is_missing_and_is_only_to_be_read() =>
        FailsUntil(
            CannotOpen,
            "opening it",
            before: () => { },
            mended: () => _database.OpenDirectly().Dispose(),
            connectionString: $"{_database.ConnectionString};Mode=ReadOnly"
        );

    [Fact]
    public void A_path_without_permission()
    {
        Assert.SkipUnless(Unprivileged.IsPossible, "Needs root on Linux.");
        _database.OpenDirectly().Dispose();
        Unprivileged.SetMode(_database.Path, UnixFileMode.None);
        using SqlitePool pool = new(_database.Options(), _log);

        SqliteException error = Assert.Throws<SqliteException>(() => Unprivileged.Run(() => pool.Rent()));

        AssertTold(error, CannotOpen, "opening it");
        Assert.Empty(_database.OpenFiles());
        using SqlitePoolConnection connection = pool.Rent();
        Assert.Equal("wal", connection.Ask("PRAGMA journal_mode"));
    }

    [Fact]
    public void A_file_that_may_only_be_read_where_WAL_was_asked_for()
    {
        Assert.SkipUnless(Unprivileged.IsPossible, "Needs root on Linux.");
        using (SqliteConnection direct = _database.OpenDirectly())
        {
            direct.Run("create table t(value int)");
        }

        Unprivileged.SetMode(Path.GetDirectoryName(_database.Path)!, Reading | UnixFileMode.UserWrite);
        Unprivileged.SetMode(_database.Path, Reading);
        using SqlitePool pool = new(_database.Options(), _log);

        SqliteException error = Assert.Throws<SqliteException>(() => Unprivileged.Run(() => pool.Rent()));

        AssertTold(error, ReadOnly, "journal_mode");
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public async Task Everybody_behind_a_failing_open_gets_an_error_of_their_own()
    {
        SqlitePoolOptions options = _database.Options(size: 2, overflow: 0);
        options.ConnectionString = $"Data Source={_database.In("sub/test.db")}";
        await using SqlitePool pool = new(options, _log);

        Exception?[] errors = await Task.WhenAll(
                Enumerable.Range(0, 20).Select(_ => Record.ExceptionAsync(() => pool.RentAsync().Limited()).AsTask())
            )
            .Limited();

        Assert.All(errors, error => Assert.Equal(CannotOpen, Assert.IsType<SqliteException>(error).SqliteErrorCode));
        Assert.Equal(20, pool.GetStatistics().OpenFailures);
        Assert.Equal(0, pool.GetStatistics().Waiting);
        Directory.CreateDirectory(_database.In("sub"));
        SqlitePoolConnection[] leases = [await pool.RentAsync().Limited(), await pool.RentAsync().Limited()];
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task A_passing_lock_is_waited_out_by_trying_again()
    {
        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run("create table t(value int); begin exclusive");
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.Zero;
        int failures = 0;
        _log.Written = entry =>
        {
            if (entry.Exception is SqliteException { SqliteErrorCode: 5 } && ++failures == 2)
            {
                direct.Run("rollback");
            }
        };
        await using SqlitePool pool = new(options, _log);

        using SqlitePoolConnection connection = await pool.RentAsync().Limited();

        Assert.Equal("wal", connection.Ask("PRAGMA journal_mode"));
        Assert.Equal(2, pool.GetStatistics().OpenFailures);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_lock_that_does_not_pass_is_the_drivers_error_after_so_many_tries(int retries)
    {
        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run("create table t(value int); begin exclusive");
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.Zero;
        options.CreateRetries = retries;
        await using SqlitePool pool = new(options, _log);

        SqliteException error = await Assert.ThrowsAsync<SqliteException>(() => pool.RentAsync().Limited());

        AssertTold(error, 5, "journal_mode");
        Assert.Equal(retries + 1, pool.GetStatistics().OpenFailures);
        Assert.Equal(retries + 1, _log.Warnings.Length);
    }

    [Fact]
    public async Task What_is_not_passing_is_not_tried_again()
    {
        File.WriteAllText(_database.Path, new string('x', 5000));
        SqlitePoolOptions options = _database.Options();
        options.CreateRetries = 50;
        await using SqlitePool pool = new(options, _log);

        await Assert.ThrowsAsync<SqliteException>(() => pool.RentAsync().AsTask());

        Assert.Equal(1, pool.GetStatistics().OpenFailures);
    }

    public void Dispose()
    {
        _log.Dispose();
        _database.Dispose();
    }

    private async Task FailsUntil(int code, string tried, Action before, Action mended, string? connectionString = null)
    {
        before();
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionString = connectionString ?? _database.ConnectionString;
        await using SqlitePool pool = new(options, _log);

        AssertTold(await Assert.ThrowsAsync<SqliteException>(() => pool.RentAsync().AsTask()), code, tried);
        AssertTold(Assert.Throws<SqliteException>(() => pool.Rent()), code, tried);
        Assert.Empty(_database.OpenFiles());
        Assert.Equal(2, pool.GetStatistics().OpenFailures);
        Assert.Equal(0, pool.GetStatistics().Open);
        Assert.Equal(2, _log.Warnings.Length);

        mended();
        using SqlitePoolConnection connection = await pool.RentAsync().Limited();
        Assert.Equal("1", connection.Ask("select 1"));
    }

    private void AssertTold(SqliteException error, int code, string tried)
    {
        Assert.Equal(code, error.SqliteErrorCode);
        Assert.Contains(Path.GetDirectoryName(_database.Path)!, error.Message, StringComparison.Ordinal);
        Assert.Contains(tried, error.Message, StringComparison.Ordinal);
    }
}
