using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Configuration;

/// <summary>What makes no sense is said when the pool is made: which option, what it is, and what is allowed.</summary>
public sealed class OptionsTests : IDisposable
{
    private readonly TempDatabase _database = new();

    public static TheoryData<string, string, string, Action<SqlitePoolOptions>> Wrong =>
        new()
        {
            { "PoolSize", "0", "1 to 10,000", options => options.PoolSize = 0 },
            { "PoolSize", "-1", "1 to 10,000", options => options.PoolSize = -1 },
            { "PoolSize", "10001", "1 to 10,000", options => options.PoolSize = 10_001 },
            { "MaxOverflow", "-1", "0 to 10,000", options => options.MaxOverflow = -1 },
            { "MaxOverflow", "10001", "0 to 10,000", options => options.MaxOverflow = 10_001 },
            { "MinIdle", "-1", "0 to 10 (PoolSize)", options => options.MinIdle = -1 },
            { "MinIdle", "11", "0 to 10 (PoolSize)", options => options.MinIdle = 11 },
            { "MaxWaiters", "-1", "0 or more", options => options.MaxWaiters = -1 },
            { "CreateRetries", "-1", "0 to 100", options => options.CreateRetries = -1 },
            { "CreateRetries", "101", "0 to 100", options => options.CreateRetries = 101 },
            { "RentTimeout", "-00:00:02", "zero to a day", options => options.RentTimeout = TimeSpan.FromSeconds(-2) },
            {
                "RentTimeout",
                "5.00:00:00",
                "write 00:00:05 for 5 seconds",
                options => options.RentTimeout = TimeSpan.Parse("5", null)
            },
            {
                "Writes.ItemTimeout",
                "90.00:00:00",
                "write 00:01:30 for 90 seconds",
                options => options.Writes.ItemTimeout = TimeSpan.FromDays(90)
            },
            {
                "Pragmas.BusyTimeout",
                "5.00:00:00",
                "write 00:00:05 for 5 seconds",
                options => options.Pragmas.BusyTimeout = TimeSpan.FromDays(5)
            },
            {
                "Pragmas.MmapSizeBytes",
                "9223372036854775807",
                "0 to 2,147,418,112",
                options => options.Pragmas.MmapSizeBytes = long.MaxValue
            },
            { "Health.WarningUtilization", "NaN", "0 to 1", options => options.Health.WarningUtilization = double.NaN },
            { "Health.CriticalUtilization", "1.5", "0 to 1", options => options.Health.CriticalUtilization = 1.5 },
            {
                "Health.WaitThreshold",
                "00:00:00",
                "10 ms to a day",
                options => options.Health.WaitThreshold = TimeSpan.Zero
            },
            {
                "Pragmas.Additional",
                "locking_mode=EXCLUSIVE",
                "Leave it out",
                options => options.Pragmas.Additional["Locking_Mode"] = "exclusive"
            },
            {
                "ConnectionString",
                "Default Timeout",
                "2147483647",
                options => options.ConnectionString += ";Default Timeout=2147483648"
            },
            {
                "ConnectionString",
                "Default Timeout='-1'",
                "0 for no limit",
                options => options.ConnectionString += ";Default Timeout=-1"
            },
            {
                "ConnectionString",
                "'Pool Size'",
                "two spellings",
                options => options.ConnectionString += ";Pool Size=3;PoolSize=4"
            },
            { "RentTimeout", "25.00:00:00", "zero to a day", options => options.RentTimeout = TimeSpan.FromDays(25) },
            { "MaxLifetime", "00:00:00", "10 ms to a day", options => options.MaxLifetime = TimeSpan.Zero },
            { "IdleTimeout", "00:00:00", "10 ms to a day", options => options.IdleTimeout = TimeSpan.Zero },
            {
                "OverflowIdleTimeout",
                "-00:00:02",
                "zero to a day",
                options => options.OverflowIdleTimeout = TimeSpan.FromSeconds(-2)
            },
            {
                "HealthCheckInterval",
                "00:00:00",
                "Timeout.InfiniteTimeSpan",
                options => options.HealthCheckInterval = TimeSpan.Zero
            },
            {
                "ProbeAfterIdle",
                "-00:00:02",
                "zero to a day",
                options => options.ProbeAfterIdle = TimeSpan.FromSeconds(-2)
            },
            {
                "ShutdownTimeout",
                "-00:00:02",
                "zero to a day",
                options => options.ShutdownTimeout = TimeSpan.FromSeconds(-2)
            },
            { "Pragmas.JournalMode", "99", "Wal", options => options.Pragmas.JournalMode = (JournalMode)99 },
            { "Pragmas.Synchronous", "-1", "Normal", options => options.Pragmas.Synchronous = (SynchronousMode)(-1) },
            { "Pragmas.TempStore", "7", "Memory", options => options.Pragmas.TempStore = (TempStore)7 },
            {
                "Pragmas.BusyTimeout",
                "-00:00:02",
                "zero to a day",
                options => options.Pragmas.BusyTimeout = TimeSpan.FromSeconds(-2)
            },
            {
                "Pragmas.BusyTimeout",
                "25.00:00:00",
                "zero to a day",
                options => options.Pragmas.BusyTimeout = TimeSpan.FromDays(25)
            },
            { "Pragmas.CacheSizeKiB", "-1", "0 or more", options => options.Pragmas.CacheSizeKiB = -1 },
            { "Pragmas.MmapSizeBytes", "-1", "0 to 2,147,418,112", options => options.Pragmas.MmapSizeBytes = -1 },
            {
                "Pragmas.JournalSizeLimitBytes",
                "-2",
                "-1 or more",
                options => options.Pragmas.JournalSizeLimitBytes = -2
            },
            {
                "Pragmas.WalAutoCheckpointPages",
                "-1",
                "0 or more",
                options => options.Pragmas.WalAutoCheckpointPages = -1
            },
            { "ConnectionString", "empty", "Data Source=app.db", options => options.ConnectionString = " " },
            {
                "ConnectionString",
                "understand",
                "Data Source=app.db",
                options => options.ConnectionString = "gibberish"
            },
            {
                "ConnectionString",
                "nonsense",
                "Data Source=app.db",
                options => options.ConnectionString = "nonsense=1"
            },
            {
                "ConnectionString",
                "no Data Source",
                "Data Source=app.db",
                options => options.ConnectionString = "Mode=ReadOnly"
            },
            {
                "ConnectionString",
                "no Data Source",
                "Mode=Memory",
                options => options.ConnectionString = "Data Source="
            },
            {
                "ConnectionString",
                "Cache=Shared",
                "discourages",
                options => options.ConnectionString += ";Cache=Shared"
            },
            {
                "ConnectionString",
                "Cache=Shared",
                "discourages",
                options => options.ConnectionString = "Data Source=file:x.db?cache=shared"
            },
        };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void It_names_the_option_its_value_and_what_is_allowed(
        string name,
        string value,
        string allowed,
        Action<SqlitePoolOptions> set
    )
    {
        SqlitePoolOptions options = _database.Options();
        set(options);

        ArgumentException error = Assert.Throws<ArgumentException>(() => new SqlitePool(options));

        Assert.Equal("options", error.ParamName);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
        Assert.False(_database.Exists());
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = "",
            PoolSize = 0,
            RentTimeout = TimeSpan.FromSeconds(-5),
        };
        options.Pragmas.Additional["bad name"] = "1";

        string message = Assert.Throws<ArgumentException>(() => new SqlitePool(options)).Message;

        Assert.All(
            ["ConnectionString", "PoolSize", "RentTimeout", "bad name"],
            name => Assert.Contains(name, message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void No_options_and_no_connection_string_are_errors_too()
    {
        Assert.Throws<ArgumentNullException>(() => new SqlitePool((SqlitePoolOptions)null!));
        Assert.Throws<ArgumentException>(() => new SqlitePool((string)null!));
        Assert.Throws<ArgumentException>(() => new SqlitePool(""));
    }

    [Fact]
    public void The_limits_themselves_are_allowed()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.MinIdle = 1;
        options.RentTimeout = TimeSpan.FromDays(1);
        options.MaxLifetime = options.IdleTimeout = options.HealthCheckInterval = TimeSpan.FromMilliseconds(10);
        options.OverflowIdleTimeout = options.ProbeAfterIdle = options.ShutdownTimeout = TimeSpan.Zero;
        options.MaxWaiters = options.CreateRetries = 0;
        options.Pragmas.BusyTimeout = TimeSpan.FromDays(1);
        options.Pragmas.CacheSizeKiB = options.Pragmas.WalAutoCheckpointPages = 0;
        options.Pragmas.MmapSizeBytes = 0;
        options.Pragmas.JournalSizeLimitBytes = -1;
        using SqlitePool pool = new(options);

        using SqlitePoolConnection connection = pool.Rent();
        Assert.Equal("0", connection.Ask("PRAGMA cache_size"));
    }

    [Fact]
    public void Every_time_may_be_infinite()
    {
        SqlitePoolOptions options = _database.Options();
        options.RentTimeout =
            options.MaxLifetime =
            options.IdleTimeout =
            options.OverflowIdleTimeout =
            options.HealthCheckInterval =
            options.ProbeAfterIdle =
            options.ShutdownTimeout =
                Timeout.InfiniteTimeSpan;
        FakeTimeProvider time = new();
        using SqlitePool pool = new(options, timeProvider: time);
        pool.Rent().Dispose();
        time.Advance(TimeSpan.FromHours(10));

        Assert.Equal(1, pool.GetStatistics().Open);
    }

    [Fact]
    public void Options_are_copied_so_that_later_changes_do_nothing()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.Pragmas.Additional["secure_delete"] = "1";
        using SqlitePool pool = new(options);
        options.PoolSize = 7;
        options.ConnectionString = "Data Source=/nowhere/at/all.db";
        options.Pragmas.ForeignKeys = false;
        options.Pragmas.Additional["secure_delete"] = "0";
        options.ConnectionOpened = _ => throw new InvalidDataException("too late");

        using SqlitePoolConnection connection = pool.Rent();

        Assert.Equal(1, pool.GetStatistics().PoolSize);
        Assert.Equal("1", connection.Ask("PRAGMA foreign_keys"));
        Assert.Equal("1", connection.Ask("PRAGMA secure_delete"));
    }

    [Theory]
    [InlineData("Pooling=True")]
    [InlineData("Pooling=False")]
    [InlineData("Cache=Private")]
    [InlineData("Cache=Default")]
    public void What_the_pool_decides_itself_may_be_in_the_connection_string(string more)
    {
        using SqlitePool pool = new($"{_database.ConnectionString};{more}");
        using (SqlitePoolConnection connection = pool.Rent())
        {
            Assert.Equal("1", connection.Ask("select 1"));
        }

        pool.Dispose();
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public void The_name_is_the_files_unless_it_is_given()
    {
        using SqlitePool unnamed = new(_database.Options());
        SqlitePoolOptions options = _database.Options();
        options.Name = "orders";
        using SqlitePool named = new(options);
        using SqlitePool memory = new("Data Source=things;Mode=Memory;Cache=Shared");

        Assert.Equal(["test.db", "orders", "things"], [unnamed.Name, named.Name, memory.Name]);
    }

    public void Dispose() => _database.Dispose();
}
