using System.Data.Common;
using System.Globalization;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Configuration;

/// <summary>The pool's settings beside the driver's in one connection string.</summary>
public sealed class ConnectionStringKeysTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Theory]
    [InlineData("Pool Size=20;Max Overflow=7")]
    [InlineData("pool size = 20 ; MAXOVERFLOW=7")]
    [InlineData("PoolSize='20';max overflow=\"7\"")]
    public void A_key_is_the_options_name_with_or_without_spaces_in_any_case(string keys)
    {
        using SqlitePool pool = new($"{_database.ConnectionString};{keys}");
        using SqlitePoolConnection connection = pool.Rent();

        Assert.Equal((20, 7), (pool.GetStatistics().PoolSize, pool.GetStatistics().MaxOverflow));
        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Theory]
    [InlineData("0.25", "00:00:00.2500000")]
    [InlineData("90", "00:01:30")]
    [InlineData("0", "00:00:00")]
    [InlineData("00:05:00", "00:05:00")]
    [InlineData("1.00:00:00", "1.00:00:00")]
    public async Task A_time_is_in_seconds_or_written_out(string text, string expected)
    {
        FakeTimeProvider time = new();
        await using SqlitePool pool = new(
            new SqlitePoolOptions
            {
                ConnectionString =
                    $"{_database.ConnectionString};Pool Size=1;Max Overflow=0;Max Lifetime=Infinite;Rent Timeout={text}",
            },
            timeProvider: time
        );
        using SqlitePoolConnection only = pool.Rent();
        Task<SqlitePoolConnection> waiting = pool.RentAsync().AsTask();
        time.Advance(TimeSpan.Parse(expected, CultureInfo.InvariantCulture));

        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            waiting.Limited()
        );

        Assert.Equal(expected, error.Waited.ToString());
    }

    [Fact]
    public async Task Infinite_is_a_time_as_well()
    {
        FakeTimeProvider time = new();
        await using SqlitePool pool = new(
            new SqlitePoolOptions
            {
                ConnectionString = $"{_database.ConnectionString};Pool Size=1;Max Overflow=0;Rent Timeout=infinite",
            },
            timeProvider: time
        );
        SqlitePoolConnection only = pool.Rent();
        Task<SqlitePoolConnection> waiting = pool.RentAsync().AsTask();
        time.Advance(TimeSpan.FromDays(30));
        Assert.False(waiting.IsCompleted);
        only.Dispose();
        (await waiting.Limited()).Dispose();
    }

    [Fact]
    public void PRAGMAs_and_the_name_can_be_said_too()
    {
        using SqlitePool pool = new(
            $"{_database.ConnectionString};Pool Name=orders;Synchronous=full;Group Commit=False;Cache Size KiB=512;Foreign Keys=False;WAL Auto Checkpoint Pages=50"
        );
        using SqlitePoolConnection connection = pool.Rent();

        Assert.Equal("orders", pool.Name);
        Assert.Equal("2", connection.Ask("PRAGMA synchronous"));
        Assert.Equal("-512", connection.Ask("PRAGMA cache_size"));
        Assert.Equal("0", connection.Ask("PRAGMA foreign_keys"));
        Assert.Equal("50", connection.Ask("PRAGMA wal_autocheckpoint"));
    }

    [Fact]
    public async Task Those_of_the_write_queue_reach_it()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString =
                $"{_database.ConnectionString};Write Queue Capacity=7;write queue max batch size=2;"
                + "WriteQueueMaxBatchDelay=0.5;Write Queue Item Timeout=00:01:00;Write Queue Synchronous=full;Group Commit=False",
        };
        await using SqlitePool pool = new(options);

        Assert.Equal("2", await pool.Writes.EnqueueAsync(connection => connection.Ask("PRAGMA synchronous")).Limited());
        Assert.Equal(7, pool.GetStatistics().Writes.Capacity);
        using SqlitePoolConnection other = pool.Rent();
        Assert.Equal("1", other.Ask("PRAGMA synchronous"));

        OptionsCheck.Check(options);
        Assert.Equal((2, TimeSpan.FromSeconds(0.5)), (options.Writes.MaxBatchSize, options.Writes.MaxBatchDelay));
        Assert.Equal(
            (TimeSpan.FromMinutes(1), SynchronousMode.Full),
            (options.Writes.ItemTimeout, options.Writes.Synchronous)
        );
    }

    [Fact]
    public async Task An_option_of_the_write_queue_that_is_not_at_its_default_wins_as_well()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = $"{_database.ConnectionString};Write Queue Capacity=7;Write Queue Synchronous=Full",
            Writes = { Synchronous = SynchronousMode.Off },
        };
        await using SqlitePool pool = new(options);

        Assert.Equal("0", await pool.Writes.EnqueueAsync(connection => connection.Ask("PRAGMA synchronous")).Limited());
        Assert.Equal(7, pool.GetStatistics().Writes.Capacity);
        Assert.Equal(10_000, options.Writes.Capacity);
    }

    [Fact]
    public void Every_option_that_is_one_value_has_a_key()
    {
        string[] options =
        [
            .. typeof(SqlitePoolOptions)
                .GetProperties()
                .Concat(typeof(SqlitePragmas).GetProperties())
                .Where(property => property.PropertyType.IsValueType || property.PropertyType == typeof(string))
                .Select(property => property.Name == "Name" ? "PoolName" : property.Name)
                .Except(["ConnectionString"]),
            .. typeof(SqlitePoolWriteQueueOptions).GetProperties().Select(property => "WriteQueue" + property.Name),
        ];
        string message = Assert.Throws<ArgumentException>(() => new SqlitePool("xyz=1")).Message;
        string keys = message.Replace(" ", "", StringComparison.Ordinal);

        Assert.All(options, option => Assert.Contains(option, keys, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void The_drivers_own_keys_still_reach_the_driver()
    {
        using SqlitePool pool = new(
            $"Filename={_database.Path};Pool Size=1;Mode=ReadWriteCreate;Command Timeout=7;Recursive Triggers=True"
        );
        using SqlitePoolConnection connection = pool.Rent();
        using SqlitePoolCommand command = connection.CreateCommand("PRAGMA recursive_triggers");

        Assert.Equal(7, command.CommandTimeout);
        Assert.Equal(1L, command.ExecuteScalar());
    }

    [Fact]
    public void An_option_that_is_not_at_its_default_wins_over_the_string()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = $"{_database.ConnectionString};Pool Size=3;Max Overflow=4;Pool Name=text",
            PoolSize = 20,
            Name = "code",
        };
        using SqlitePool pool = new(options);

        Assert.Equal((20, 4, "code"), (pool.GetStatistics().PoolSize, pool.GetStatistics().MaxOverflow, pool.Name));
        Assert.Equal(5, options.MaxOverflow);
    }

    [Theory]
    [InlineData("Pool Sise=3", "Pool Size")]
    [InlineData("PoolSzie=3", "Pool Size")]
    [InlineData("Rent Timout=3", "Rent Timeout")]
    [InlineData("MaxOverfow=3", "Max Overflow")]
    [InlineData("Write Queue Capasity=3", "Write Queue Capacity")]
    [InlineData("Write Que Capacity=3", "Write Queue Capacity")]
    [InlineData("WriteQueueBatchSize=3", "Write Queue Max Batch Size")]
    [InlineData("Data Sorce=x.db", "Data Source")]
    [InlineData("Recursive Trigers=1", "Recursive Triggers")]
    [InlineData("Passwort=hunter2", "Password")]
    public void An_unknown_key_is_an_error_that_suggests_the_nearest(string key, string nearest)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            new SqlitePool($"{_database.ConnectionString};Password=hunter2;{key}")
        );

        Assert.Contains($"Did you mean '{nearest}'?", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_is_near_to_nothing_gets_the_list_and_all_are_said_at_once()
    {
        string message = Assert
            .Throws<ArgumentException>(() => new SqlitePool($"{_database.ConnectionString};xyz=1;quux=2"))
            .Message;

        Assert.All(
            ["'xyz'", "'quux'", "Data Source", "Shutdown Timeout"],
            text => Assert.Contains(text, message, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("Pool Size=many", "Pool Size='many'", "a whole number")]
    [InlineData("Rent Timeout=soon", "Rent Timeout='soon'", "Infinite")]
    [InlineData("Rent Timeout=99999999999999999999999999", "Rent Timeout=", "seconds")]
    [InlineData("Rent Timeout=-5", "RentTimeout is -00:00:05", "zero to a day")]
    [InlineData("Capture Rent Site=maybe", "Capture Rent Site='maybe'", "True or False")]
    [InlineData("Journal Mode=Sideways", "Journal Mode='Sideways'", "Wal")]
    [InlineData("Synchronous=9", "Synchronous='9'", "Normal")]
    [InlineData("Pool Size=0", "PoolSize is 0", "1 to 10,000")]
    [InlineData("Write Queue Capacity=lots", "Write Queue Capacity='lots'", "a whole number")]
    [InlineData("Write Queue Capacity=0", "Writes.Capacity is 0", "1 or more")]
    [InlineData("Write Queue Item Timeout=soon", "Write Queue Item Timeout='soon'", "Infinite")]
    [InlineData("Write Queue Max Batch Delay=Infinite", "Writes.MaxBatchDelay is", "zero to a day")]
    [InlineData(
        "Mode=Sideways",
        "ConnectionString has Mode='Sideways'",
        "ReadWriteCreate, ReadWrite, ReadOnly, Memory."
    )]
    [InlineData("mode=99", "Mode='99'", "ReadWriteCreate, ReadWrite, ReadOnly, Memory.")]
    [InlineData("Cache=foo", "Cache='foo'", "Default, Private, Shared.")]
    [InlineData("Recursive Triggers=maybe", "Recursive Triggers='maybe'", "True or False")]
    [InlineData("Pooling=maybe", "Pooling='maybe'", "True or False")]
    [InlineData("Foreign Keys=perhaps", "Foreign Keys='perhaps'", "True or False")]
    [InlineData("Default Timeout=abc", "Default Timeout='abc'", "whole seconds")]
    [InlineData("Default Timeout=1.5", "Default Timeout='1.5'", "0 for no limit")]
    [InlineData("Command Timeout=99999999999", "command timeout='99999999999'", "up to 2147483647")]
    [InlineData("Write Queue Synchronous=9", "Write Queue Synchronous='9'", "Normal")]
    public void A_value_that_makes_no_sense_is_said_with_what_is_allowed(string key, string named, string allowed)
    {
        string message = Assert
            .Throws<ArgumentException>(() => new SqlitePool($"{_database.ConnectionString};{key}"))
            .Message;

        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_in_one_string_is_said_at_once()
    {
        string message = Assert
            .Throws<ArgumentException>(() =>
                new SqlitePool(
                    "Data Source=x.db;Passwort=hunter2;Mode=Sideways;Cache=foo;xyz=1;Pool Size=0;Rent Timeout=x;Synchronous=Q"
                )
            )
            .Message;

        Assert.All(
            [
                "'Password'",
                "Mode='Sideways'",
                "Cache='foo'",
                "'xyz'",
                "PoolSize is 0",
                "Timeout='x'",
                "Synchronous='Q'",
            ],
            text => Assert.Contains(text, message, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_connection_string_of_a_pool_keeps_them_and_leads_back_to_the_same_pool()
    {
        DbConnectionStringBuilder builder = SqlitePoolFactory.Instance.CreateConnectionStringBuilder()!;
        builder.ConnectionString = $"{_database.ConnectionString};Pool Size=1";
        builder["Max Overflow"] = 0;
        string text = builder.ConnectionString;
        using DbConnection one = SqlitePoolFactory.Instance.CreateConnection()!;
        using DbConnection two = SqlitePoolFactory.Instance.CreateConnection()!;
        one.ConnectionString = text;
        two.ConnectionString = one.ConnectionString;
        one.Open();
        long number = ((SqlitePoolConnection)one).Number();
        one.Close();
        two.Open();

        Assert.Equal(text, two.ConnectionString);
        Assert.Equal(number, ((SqlitePoolConnection)two).Number());
        two.Close();
        SqlitePoolFactory.PoolFor(text).Dispose();
    }

    [Fact]
    public void A_password_is_left_out_of_it_and_they_are_not()
    {
        using SqlitePool pool = new($"{_database.ConnectionString};Password=hunter2;Pool Size=3");

        Assert.DoesNotContain("hunter2", pool.ConnectionString, StringComparison.Ordinal);
        Assert.Contains("Pool Size=3", pool.ConnectionString, StringComparison.OrdinalIgnoreCase);
        using SqlitePool again = new(pool.ConnectionString);
        Assert.Equal(3, again.GetStatistics().PoolSize);
    }

    [Fact]
    public void A_private_memory_database_does_not_take_a_pool_size_from_it_either()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            new SqlitePool("Data Source=:memory:;Pool Size=4")
        );

        Assert.Contains("Mode=Memory;Cache=Shared", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _database.Dispose();
}
