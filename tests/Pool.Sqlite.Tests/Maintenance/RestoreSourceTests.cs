using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>What a database can be restored from, and what is refused before anything is touched.</summary>
public sealed class RestoreSourceTests : RestoreTest
{
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
        await pool.BackupAsync(BackupFile.Path);
        await Spoil(kind);
        using SqlitePoolConnection held = await pool.RentAsync();

        // Though leases are out: it does not come to the wait for them.
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => pool.RestoreAsync(BackupFile.Path).Limited());

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
                Assert.Contains(BackupFile.Path, failure.Message, StringComparison.Ordinal);
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
        string link = Database.In("link");
        string path = kind switch
        {
            "symbolic link" => File.CreateSymbolicLink(link, Database.Path).FullName,
            "hard link" => HardLink(link),
            _ => Database.Path + kind,
        };

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => pool.RestoreAsync(path));

        Assert.Contains("own database", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_backup_with_pages_of_another_size_is_taken_by_a_file()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        MakeBackup(static backup =>
            backup.Run("pragma page_size=8192; create table other(value); insert into other values (1)")
        );

        await pool.RestoreAsync(BackupFile.Path).Limited();

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
            pool.RestoreAsync(BackupFile.Path).Limited()
        );

        Assert.Contains("page_size=8192", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_backup_with_a_WAL_of_its_own_is_read_with_it()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await using (SqlitePool other = new(BackupFile.Options()))
        {
            using SqlitePoolConnection lease = other.Rent();
            lease.Run("create table t(value); insert into t values ('in the WAL')");
            Assert.True(new FileInfo(BackupFile.Path + "-wal").Length > 0);
            await pool.RestoreAsync(BackupFile.Path).Limited();
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

        await pool.RestoreAsync(BackupFile.Path).Limited();

        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("1", lease.Ask("select count(*) from t"));

        static void Register(SqliteConnection connection) =>
            connection.CreateCollation("backwards", static (left, right) => string.CompareOrdinal(right, left));
    }

    [Fact]
    public async Task One_in_memory_says_which_size_of_pages_it_needs()
    {
        await using SqlitePool pool = new($"Data Source=restored{Guid.NewGuid():N};Mode=Memory;Cache=Shared");
        await Fill(pool, "before");
        MakeBackup(static backup => backup.Run("pragma page_size=8192; create table other(value)"));
        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.RestoreAsync(BackupFile.Path).Limited()
        );
        Assert.Contains("8192", refused.Message, StringComparison.Ordinal);
        using SqlitePoolConnection lease = await pool.RentAsync();
        Assert.Equal("3000", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_backup_in_a_folder_that_may_not_be_written_is_read_all_the_same()
    {
        await using SqlitePool pool = new(Options("WAL"));
        await Fill(pool, "before");
        await pool.BackupAsync(BackupFile.Path);
        string folder = Path.GetDirectoryName(BackupFile.Path)!;
        if (!Unprivileged.IsPossible)
        {
            return;
        }

        Unprivileged.SetMode(BackupFile.Path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
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
                BackupFile.Path,
                Pool.Sqlite.Configuration.ConnectionStringParser.Parse(Database.ConnectionString),
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

    private void MakeBackup(Action<SqliteConnection> fill)
    {
        using SqliteConnection backup = BackupFile.OpenDirectly();
        fill(backup);
    }

    private async Task Spoil(string kind)
    {
        byte[] content = await File.ReadAllBytesAsync(BackupFile.Path);
        switch (kind)
        {
            case "missing":
                File.Delete(BackupFile.Path);
                return;
            case "folder":
                File.Delete(BackupFile.Path);
                Directory.CreateDirectory(BackupFile.Path);
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

        await File.WriteAllBytesAsync(BackupFile.Path, content);
    }

    private string HardLink(string link)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start("ln", [Database.Path, link]);
        process.WaitForExit();
        return link;
    }
}
