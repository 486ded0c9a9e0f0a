using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Configuration;

public sealed class PragmaTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePoolOptions _options;

    public PragmaTests() => _options = _database.Options(size: 3, overflow: 0);

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "1")]
    [InlineData("busy_timeout", "30000")]
    [InlineData("foreign_keys", "1")]
    [InlineData("cache_size", "-16000")]
    [InlineData("mmap_size", "268435456")]
    [InlineData("temp_store", "2")]
    [InlineData("journal_size_limit", "67108864")]
    [InlineData("wal_autocheckpoint", "1000")]
    public void Each_default_is_set_on_every_connection(string name, string value)
    {
        using SqlitePool pool = new(_options);
        SqlitePoolConnection[] leases = [pool.Rent(), pool.Rent(), pool.Rent()];

        Assert.All(leases, lease => Assert.Equal(value, lease.Ask($"PRAGMA {name}")));

        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public void Foreign_keys_are_enforced()
    {
        using SqlitePool pool = new(_options);
        using SqlitePoolConnection connection = pool.Rent();
        connection.Run("create table a(id integer primary key); create table b(a int references a(id))");

        Assert.Throws<SqliteException>(() => connection.Run("insert into b values(1)"));
    }

    [Fact]
    public void Each_can_be_chosen()
    {
        SqlitePragmas pragmas = _options.Pragmas;
        pragmas.JournalMode = JournalMode.Truncate;
        pragmas.Synchronous = SynchronousMode.Extra;
        pragmas.TempStore = TempStore.File;
        pragmas.BusyTimeout = TimeSpan.FromMilliseconds(1234.9);
        pragmas.ForeignKeys = false;
        pragmas.CacheSizeKiB = 512;
        pragmas.MmapSizeBytes = 65_536;
        pragmas.JournalSizeLimitBytes = -1;
        pragmas.WalAutoCheckpointPages = 0;
        using SqlitePool pool = new(_options);
        using SqlitePoolConnection connection = pool.Rent();

        string[] names =
        [
            "journal_mode",
            "synchronous",
            "temp_store",
            "busy_timeout",
            "foreign_keys",
            "cache_size",
            "mmap_size",
            "journal_size_limit",
            "wal_autocheckpoint",
        ];
        Assert.Equal(
            ["truncate", "3", "1", "1234", "0", "-512", "65536", "-1", "0"],
            names.Select(name => connection.Ask($"PRAGMA {name}"))
        );
    }

    [Theory]
    [InlineData(JournalMode.Delete)]
    [InlineData(JournalMode.Truncate)]
    [InlineData(JournalMode.Persist)]
    [InlineData(JournalMode.Memory)]
    [InlineData(JournalMode.Wal)]
    [InlineData(JournalMode.Off)]
    public void Each_journal_mode_takes(JournalMode mode)
    {
        _options.Pragmas.JournalMode = mode;
        using SqlitePool pool = new(_options);
        using SqlitePoolConnection one = pool.Rent();
        using SqlitePoolConnection two = pool.Rent();

        Assert.Equal(mode.ToString(), one.Ask("PRAGMA journal_mode"), ignoreCase: true);
        Assert.Equal(mode.ToString(), two.Ask("PRAGMA journal_mode"), ignoreCase: true);
    }

    [Theory]
    [InlineData("secure_delete", "1", "1")]
    [InlineData("SECURE_DELETE", "on", "1")]
    [InlineData("recursive_triggers", "TRUE", "1")]
    [InlineData("recursive_triggers", "no", "0")]
    [InlineData("locking_mode", "NORMAL", "normal")]
    [InlineData("cache_spill", "+100", null)]
    [InlineData("threads", "2", "2")]
    [InlineData("analysis_limit", "400", "400")]
    public void Any_other_can_be_added_by_name(string name, string value, string? readsBack)
    {
        _options.Pragmas.Additional[name] = value;
        using SqlitePool pool = new(_options);
        if (readsBack is null)
        {
            Assert.Contains(name, Assert.Throws<SqliteException>(() => pool.Rent()).Message, StringComparison.Ordinal);
            return;
        }

        using SqlitePoolConnection connection = pool.Rent();
        Assert.Equal(readsBack, connection.Ask($"PRAGMA {name}"));
    }

    [Fact]
    public void One_that_answers_nothing_can_be_added_too()
    {
        _options.Pragmas.Additional["case_sensitive_like"] = "ON";
        using SqlitePool pool = new(_options);
        using SqlitePoolConnection connection = pool.Rent();

        Assert.Equal("0", connection.Ask("select 'A' like 'a'"));
    }

    [Theory]
    [InlineData("locking_mode", "sideways", "normal")]
    [InlineData("threads", "100000", "reads back as")]
    [InlineData("secure_delete", "99", "reads back as")]
    [InlineData("no_such_pragma", "1", "not known")]
    public void A_value_that_does_not_take_is_an_error_that_names_it(string name, string value, string told)
    {
        _options.Pragmas.Additional[name] = value;
        using SqlitePool pool = new(_options);

        SqliteException error = Assert.Throws<SqliteException>(() => pool.Rent());

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.Contains(_database.Path, error.Message, StringComparison.Ordinal);
        Assert.Empty(_database.OpenFiles());
    }

    [Theory]
    [InlineData("journal_mode", "JournalMode")]
    [InlineData("Foreign_Keys", "ForeignKeys")]
    [InlineData("busy_timeout", "BusyTimeout")]
    [InlineData("cache_size", "CacheSizeKiB")]
    [InlineData("wal_autocheckpoint", "WalAutoCheckpointPages")]
    [InlineData("key", "Password")]
    [InlineData("REKEY", "Password")]
    [InlineData("hexkey", "Password")]
    [InlineData("textkey", "Password")]
    public void One_that_has_a_setting_of_its_own_is_refused_with_its_name(string name, string setting)
    {
        _options.Pragmas.Additional[name] = "1";

        string message = Assert.Throws<ArgumentException>(() => new SqlitePool(_options)).Message;

        Assert.Contains($"'{name}'", message, StringComparison.Ordinal);
        Assert.Contains(setting, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user_version=5; drop table t; --")]
    [InlineData("a b")]
    [InlineData("a;b")]
    [InlineData("a\"b")]
    [InlineData("main.cache_size")]
    [InlineData("")]
    [InlineData("1a")]
    [InlineData("secure_delete\n")]
    [InlineData("sécurité")]
    public void A_name_that_is_no_plain_word_is_refused(string name)
    {
        _options.Pragmas.Additional[name] = "1";

        Assert.Contains(
            $"'{name}'",
            Assert.Throws<ArgumentException>(() => new SqlitePool(_options)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("1; drop table t")]
    [InlineData("1--")]
    [InlineData("'x'")]
    [InlineData("(1)")]
    [InlineData("on off")]
    [InlineData("")]
    [InlineData("1.5")]
    [InlineData("1\n")]
    [InlineData("1\0")]
    [InlineData(null)]
    public void A_value_that_is_no_number_and_no_word_is_refused(string? value)
    {
        _options.Pragmas.Additional["secure_delete"] = value!;

        Assert.Contains(
            "secure_delete",
            Assert.Throws<ArgumentException>(() => new SqlitePool(_options)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("{0};Mode=ReadOnly")]
    [InlineData("Data Source=file:{1}?mode=ro")]
    public void A_read_only_pool_reads_and_refuses_to_write(string connectionString)
    {
        using (SqliteConnection direct = _database.OpenDirectly())
        {
            direct.Run("PRAGMA journal_mode=WAL; create table t(value int)");
        }

        _options.ConnectionString = string.Format(null, connectionString, _database.ConnectionString, _database.Path);
        using SqlitePool pool = new(_options);
        using SqlitePoolConnection connection = pool.Rent();

        Assert.Equal("0", connection.Ask("select count(*) from t"));
        Assert.Equal("1", connection.Ask("PRAGMA foreign_keys"));
        Assert.Equal(
            8,
            Assert.Throws<SqliteException>(() => connection.Run("insert into t values(1)")).SqliteErrorCode
        );
    }

    public void Dispose() => _database.Dispose();
}
