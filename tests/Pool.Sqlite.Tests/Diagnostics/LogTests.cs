using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>Each line of the log, provoked; its number and its category stay.</summary>
public sealed class LogTests : DiagnosticsTest
{
    [Fact]
    public async Task A_rent_that_waited_for_long()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(2));
        only.Dispose();
        (await waiting.Limited()).Dispose();

        AssertLogged(8, LogLevel.Warning, "Pool.Sqlite.Pooling", "a rent waited 2000 ms");
    }

    [Fact]
    public async Task Warnings_that_come_in_numbers_are_summed_up()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0, options => options.RentTimeout = TimeSpan.Zero);
        using SqlitePoolConnection only = await pool.RentAsync();
        for (int i = 0; i < 100; i++)
        {
            Assert.Throws<SqlitePoolTimeoutException>(() => pool.Rent());
        }

        Assert.InRange(Log.Entries.Count(entry => entry.Id == 9), 0, 1);
        int written = Log.Entries.Count(entry => entry.Id == 9);
        for (int second = 0; second < 12; second++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(written, Log.Entries.Count(entry => entry.Id == 19));
    }

    [Fact]
    public async Task Slow_rents_are_written_once_in_a_while_with_how_many_were_left_out()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        for (int i = 0; i < 4; i++)
        {
            SqlitePoolConnection only = await pool.RentAsync();
            Task<SqlitePoolConnection> waiting = Waiting(pool);
            Time.Advance(TimeSpan.FromSeconds(1.5));
            only.Dispose();
            (await waiting.Limited()).Dispose();
        }

        Assert.Single(Log.Entries, entry => entry.Id == 8);
        for (int second = 0; second < 11; second++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        LogEntry sum = Assert.Single(Log.Entries, entry => entry.Id == 19);
        Assert.Contains("3 more like \"slow rent\"", sum.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_that_waits_says_at_once_what_for()
    {
        SqlitePool pool = Pool();
        SqlitePoolConnection lease = await pool.RentAsync();
        Task closing = pool.DisposeAsync().AsTask();

        AssertLogged(
            20,
            LogLevel.Information,
            "Pool.Sqlite.Pooling",
            "closing waits up to 00:00:30 for 1 lease that is out"
        );
        Assert.False(closing.IsCompleted);
        lease.Dispose();
        await closing.Limited();
        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public async Task A_rent_that_waited_a_little_is_nothing_to_speak_of()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(0.9));
        only.Dispose();
        (await waiting.Limited()).Dispose();

        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public async Task Without_a_threshold_for_what_is_slow_nothing_is()
    {
        await using SqlitePool pool = Pool(
            size: 1,
            overflow: 0,
            options =>
            {
                options.SlowThreshold = Timeout.InfiniteTimeSpan;
                options.ConnectionOpened = _ => Time.Advance(TimeSpan.FromSeconds(3));
            }
        );
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(20));
        only.Dispose();
        (await waiting.Limited()).Dispose();

        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public async Task A_rent_that_timed_out()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        using SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => waiting.Limited());

        AssertLogged(
            9,
            LogLevel.Warning,
            "Pool.Sqlite.Pooling",
            "no connection was free within 30000 ms; 1 of 1 are in use"
        );
    }

    [Fact]
    public async Task An_open_that_took_long()
    {
        await using SqlitePool pool = Pool(more: options =>
            options.ConnectionOpened = _ => Time.Advance(TimeSpan.FromSeconds(3))
        );
        (await pool.RentAsync()).Dispose();

        AssertLogged(10, LogLevel.Warning, "Pool.Sqlite.Sessions", "opening a connection took 3000 ms");
    }

    [Fact]
    public async Task An_open_that_failed_and_is_tried_again()
    {
        int tries = 0;
        await using SqlitePool pool = new(
            new SqlitePoolOptions
            {
                ConnectionString = Database.ConnectionString,
                ConnectionOpened = _ =>
                {
                    if (++tries == 1)
                    {
                        throw new SqliteException("It was told to be busy.", 5);
                    }
                },
            },
            Log
        );
        (await pool.RentAsync().Limited()).Dispose();

        AssertLogged(4, LogLevel.Warning, "Pool.Sqlite.Sessions", "opening a connection failed");
        AssertLogged(11, LogLevel.Information, "Pool.Sqlite.Sessions", "(retry 1 of 3)");
    }

    [Fact]
    public async Task A_connection_that_is_retired_and_why()
    {
        await using SqlitePool pool = Pool();
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Retire();
        }

        AssertLogged(12, LogLevel.Debug, "Pool.Sqlite.Sessions", "retired: Retired");
    }

    [Fact]
    public async Task A_connection_that_failed_its_health_check()
    {
        await using SqlitePool pool = Pool();
        pool.BreakIdle();

        Time.Advance(TimeSpan.FromMinutes(6));

        AssertLogged(13, LogLevel.Warning, "Pool.Sqlite.Sessions", "failed its health check");
    }

    [Fact]
    public async Task A_write_that_waited_for_long()
    {
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value int)");
        SqlitePoolConnection writer = await pool.RentWriterAsync();
        Task<int> write = OtherFlow.Run(() => pool.ExecuteAsync($"insert into t values (1)"));
        Assert.False(write.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(5));
        writer.Dispose();
        await write.Limited();

        AssertLogged(
            14,
            LogLevel.Warning,
            "Pool.Sqlite.Writing",
            "a write waited 5000 ms for the write gate; 0 others"
        );
        Assert.Equal(
            (1, TimeSpan.FromSeconds(5)),
            (pool.GetStatistics().WriteGateWaits.Count, pool.GetStatistics().WriteGateWaits.Max)
        );
    }

    [Fact]
    public async Task The_faults_of_the_engine_once_for_each_pool()
    {
        await using SqlitePool pool = Pool();
        SqlitePoolConnection[] two = [pool.Rent(), pool.Rent()];
        Array.ForEach(two, connection => connection.Dispose());

        LogEntry[] warnings = [.. Log.Entries.Where(entry => entry.Id == 17)];
        Assert.Equal(
            pool.GetHealth()
                .Advice.Select(advice => advice.Id)
                .Distinct()
                .Count(id => id.StartsWith("engine", StringComparison.Ordinal)),
            warnings.Length
        );
        Assert.All(
            warnings,
            entry => Assert.Contains(pool.GetHealth().EngineVersion, entry.Text, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_round_of_the_housekeeper_that_failed_does_not_end_it()
    {
        await using SqlitePool pool = Pool();

        // The rounds begin with the first open.
        pool.Rent().Dispose();
        pool.Inspector.CpuTime = () => throw new InvalidOperationException("It was told to fail.");
        Time.Advance(TimeSpan.FromSeconds(11));
        pool.Inspector.CpuTime = () => TimeSpan.Zero;
        Time.Advance(TimeSpan.FromSeconds(11));

        Assert.All(Log.Warnings, entry => Assert.Equal((18, "Pool.Sqlite.Maintenance"), (entry.Id, entry.Category)));
        Assert.NotEmpty(Log.Warnings);
    }

    [Fact]
    public async Task What_was_there_before_has_its_old_number_and_a_room()
    {
        await using (
            SqlitePool pool = Pool(more: options => options.Returning = _ => throw new InvalidOperationException("No."))
        )
        {
            using SqlitePoolConnection connection = await pool.RentAsync();
            connection.Run("begin");
        }

        AssertLogged(1, LogLevel.Warning, "Pool.Sqlite.Sessions", "rolled back");
        AssertLogged(5, LogLevel.Warning, "Pool.Sqlite.Sessions", "Returning");
    }

    [Fact]
    public async Task Nothing_at_all_when_all_goes_well_but_what_is_for_debugging()
    {
        await using (SqlitePool pool = Pool())
        {
            await pool.ExecuteAsync($"create table t(value int)");
            await pool.WriteAsync(connection => Task.FromResult(connection.Run("insert into t values (1)")));
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.All(Log.Entries.Where(entry => entry.Id != 17), entry => Assert.Equal(LogLevel.Debug, entry.Level));
    }

    private void AssertLogged(int id, LogLevel level, string category, string part)
    {
        LogEntry entry = Logged(id);
        Assert.Equal((level, category), (entry.Level, entry.Category));
        Assert.Contains(part, entry.Text, StringComparison.Ordinal);
    }
}
