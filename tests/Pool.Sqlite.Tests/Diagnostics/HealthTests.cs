using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>What <see cref="SqlitePool.GetHealth"/> says of the status, and why.</summary>
public sealed class HealthTests : DiagnosticsTest
{
    [Theory]
    [InlineData(0, SqlitePoolStatus.Healthy)]
    [InlineData(7, SqlitePoolStatus.Healthy)]
    [InlineData(8, SqlitePoolStatus.Warning)]
    [InlineData(9, SqlitePoolStatus.Warning)]
    [InlineData(10, SqlitePoolStatus.Warning)]
    public async Task It_goes_by_how_much_of_the_pool_is_in_use(int inUse, SqlitePoolStatus expected)
    {
        await using SqlitePool pool = Pool(size: 6, overflow: 4);
        SqlitePoolConnection[] leases = [.. Enumerable.Range(0, inUse).Select(_ => pool.Rent())];

        SqlitePoolHealth health = pool.GetHealth();

        Assert.Equal((expected, inUse / 10.0), (health.Status, health.Utilization));
        Assert.Equal(inUse, health.Statistics.InUse);
        string[] reasons =
            expected == SqlitePoolStatus.Healthy ? [] : [$"{inUse} of 10 connections are in use, 0 rents wait."];
        Assert.Equal(reasons, health.Reasons);
        Array.ForEach(leases, lease => lease.Dispose());
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
    }

    [Fact]
    public void A_pool_that_was_never_used_is_healthy_and_stays_unopened()
    {
        using SqlitePool pool = Pool();

        SqlitePoolHealth health = pool.GetHealth();

        Assert.Equal((SqlitePoolStatus.Healthy, 0), (health.Status, health.WalBytes));
        Assert.Empty(health.Reasons);
        Assert.False(Database.Exists());
    }

    [Fact]
    public async Task It_names_the_engine_whose_faults_are_advice_and_no_status()
    {
        await using SqlitePool pool = Pool();
        using SqlitePoolConnection connection = await pool.RentAsync();

        SqlitePoolHealth health = pool.GetHealth();

        Assert.Equal(connection.ServerVersion, health.EngineVersion);
        Assert.Equal(SqlitePoolStatus.Healthy, health.Status);
        Assert.Equal(
            EngineVersion.Current.HasWalResetBug,
            health.Advice.Any(advice => advice.Id == "engine-wal-reset")
        );
    }

    [Fact]
    public async Task Refused_rents_are_critical_for_a_minute()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0, options => options.RentTimeout = TimeSpan.Zero);
        using (SqlitePoolConnection only = await pool.RentAsync())
        {
            Assert.Throws<SqlitePoolTimeoutException>(() => pool.Rent());
        }

        AssertIs(SqlitePoolStatus.Critical, pool, "1 rent was refused");
        Time.Advance(TimeSpan.FromSeconds(45));
        AssertIs(SqlitePoolStatus.Critical, pool, "1 rent was refused");
        Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
    }

    [Fact]
    public async Task Long_waits_are_a_warning()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(2));
        only.Dispose();
        (await waiting.Limited()).Dispose();

        AssertIs(SqlitePoolStatus.Warning, pool, "1 rent had to wait in the last 2 s, 2 s on average");
    }

    [Fact]
    public async Task Long_waits_to_write_are_a_warning()
    {
        await using SqlitePool pool = Pool();
        SqlitePoolConnection writer = await pool.RentWriterAsync();
        Task<SqlitePoolConnection> next = OtherFlow.Run(() => pool.RentWriterAsync().AsTask());
        Assert.Equal(1, pool.GetStatistics().WriteGateWaiting);
        Time.Advance(TimeSpan.FromSeconds(2));
        writer.Dispose();
        (await next.Limited()).Dispose();

        AssertIs(
            SqlitePoolStatus.Warning,
            pool,
            "1 write had to wait for the write gate in the last 2 s, 2 s on average"
        );
        Assert.Equal(0, pool.GetStatistics().WriteGateWaiting);
    }

    [Fact]
    public void Opens_that_all_fail_are_critical()
    {
        using SqlitePool pool = Pool(more: options =>
            options.ConnectionString = $"Data Source={Database.In("missing/x.db")}"
        );
        Assert.ThrowsAny<Exception>(() => pool.Rent());

        AssertIs(SqlitePoolStatus.Critical, pool, "and none succeeded");
    }

    [Fact]
    public async Task Opens_of_which_some_fail_are_a_warning()
    {
        bool fails = false;
        await using SqlitePool pool = Pool(more: options =>
            options.ConnectionOpened = _ =>
            {
                if (fails)
                {
                    throw new InvalidOperationException("It was told to fail.");
                }
            }
        );
        using SqlitePoolConnection connection = await pool.RentAsync();
        fails = true;
        await Assert.ThrowsAsync<InvalidOperationException>(() => pool.RentAsync().Limited());

        AssertIs(SqlitePoolStatus.Warning, pool, "1 attempt to open a connection failed");
    }

    [Fact]
    public async Task So_are_those_of_the_writers_connections()
    {
        using SqlitePool pool = Pool(more: options =>
            options.ConnectionString = $"Data Source={Database.In("missing/x.db")}"
        );
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => pool.RentWriterAsync().Limited());
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() =>
            pool.Writes.ExecuteAsync($"create table t(x)").Limited()
        );

        AssertIs(SqlitePoolStatus.Critical, pool, "2 attempts to open a connection failed");
        Assert.Equal(2, Log.Entries.Count(entry => entry.Id == 4));
    }

    [Fact]
    public async Task One_that_fails_while_the_writer_has_its_own_is_a_warning()
    {
        bool fails = false;
        await using SqlitePool pool = Pool(more: options =>
        {
            options.CreateRetries = 0;
            options.ConnectionOpened = _ =>
            {
                if (fails)
                {
                    throw new InvalidOperationException("It was told to fail.");
                }
            };
        });
        (await pool.RentWriterAsync()).Dispose();
        fails = true;
        await Assert.ThrowsAsync<InvalidOperationException>(() => pool.RentAsync().Limited());

        AssertIs(SqlitePoolStatus.Warning, pool, "1 attempt to open a connection failed");
    }

    [Fact]
    public async Task A_pool_that_is_used_up_for_long_is_critical_only_for_those_who_ask_for_it()
    {
        await using SqlitePool indifferent = Pool(size: 1, overflow: 1);
        await using SqlitePool strict = Pool(
            size: 1,
            overflow: 1,
            options =>
            {
                options.Name = $"{Name} strict";
                options.Health.CriticalUtilization = 0.9;
            }
        );
        SqlitePoolConnection[] leases = [indifferent.Rent(), indifferent.Rent(), strict.Rent(), strict.Rent()];
        AssertIs(SqlitePoolStatus.Warning, strict, "2 of 2 connections are in use, 0 rents wait.");
        for (int second = 0; second < 11; second++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        AssertIs(SqlitePoolStatus.Critical, strict, "a leak is suspected");
        Assert.True(strict.GetHealth().LeakSuspected);
        AssertIs(SqlitePoolStatus.Warning, indifferent, "2 of 2 connections are in use");
        Assert.False(indifferent.GetHealth().LeakSuspected);
        Array.ForEach(leases, lease => lease.Dispose());
        Assert.Equal((SqlitePoolStatus.Healthy, false), (strict.GetHealth().Status, strict.GetHealth().LeakSuspected));
    }

    [Fact]
    public async Task Waits_above_the_threshold_are_critical()
    {
        await using SqlitePool pool = Pool(
            size: 1,
            overflow: 0,
            options => options.Health.WaitThreshold = TimeSpan.FromSeconds(2)
        );
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(2));
        only.Dispose();
        (await waiting.Limited()).Dispose();

        AssertIs(SqlitePoolStatus.Critical, pool, "1 rent had to wait");
    }

    [Fact]
    public async Task Statements_that_the_database_makes_fail_are_critical_until_they_no_longer_do()
    {
        await using SqlitePool pool = Pool();
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(x)");
            connection.Run("pragma max_page_count = 2");
            Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() =>
                connection.Run("insert into t values (zeroblob(100000))")
            );
            AssertIs(
                SqlitePoolStatus.Warning,
                pool,
                "1 statement failed in the last 60 s: the disk, or the database, is full."
            );
            Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() =>
                connection.Run("insert into t values (zeroblob(100000))")
            );
            Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() =>
                connection.Run("insert into missing values (1)")
            );
        }

        AssertIs(SqlitePoolStatus.Critical, pool, "2 statements failed");
        Time.Advance(TimeSpan.FromSeconds(75));
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
    }

    [Fact]
    public async Task A_failed_health_check_is_a_warning()
    {
        await using SqlitePool pool = Pool();
        pool.BreakIdle();
        Time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(5));

        AssertIs(SqlitePoolStatus.Warning, pool, "1 connection failed its health check");
    }

    [Fact]
    public async Task A_lease_that_is_out_for_minutes_is_a_warning()
    {
        await using SqlitePool pool = Pool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
        Time.Advance(TimeSpan.FromMinutes(2));

        AssertIs(SqlitePoolStatus.Warning, pool, "1 lease has been out for more than 2 min");
    }

    [Fact]
    public async Task A_WAL_that_is_not_checkpointed_is_a_warning()
    {
        await using SqlitePool pool = Pool(more: options =>
            (options.Pragmas.WalAutoCheckpointPages, options.Pragmas.JournalSizeLimitBytes) = (0, 1_000_000)
        );
        WriteMuch(pool);

        AssertIs(SqlitePoolStatus.Warning, pool, "it is not being checkpointed");
        Assert.Equal(new FileInfo(Database.Path + "-wal").Length, pool.GetHealth().WalBytes);
    }

    [Theory]
    [InlineData(0, long.MaxValue)]
    [InlineData(100_000, 1_000_000)]
    public async Task One_that_is_as_large_as_the_settings_let_it_become_is_not(int pages, long limit)
    {
        await using SqlitePool pool = Pool(more: options =>
            (options.Pragmas.WalAutoCheckpointPages, options.Pragmas.JournalSizeLimitBytes) = (pages, limit)
        );
        WriteMuch(pool);

        Assert.InRange(pool.GetHealth().WalBytes, Thresholds.LargeWal, long.MaxValue);
        Assert.Empty(pool.GetHealth().Reasons);
    }

    [Fact]
    public async Task A_closed_pool_is_critical()
    {
        SqlitePool pool = Pool();
        await pool.DisposeAsync();

        AssertIs(SqlitePoolStatus.Critical, pool, "The pool is closed.");
    }

    [Fact]
    public async Task A_database_in_memory_has_no_WAL()
    {
        await using SqlitePool pool = new(new SqlitePoolOptions { ConnectionString = "Data Source=:memory:" });
        (await pool.RentAsync()).Dispose();
        using SqlitePoolConnection writer = await pool.RentWriterAsync();

        Assert.Equal(0, pool.GetHealth().WalBytes);
        Assert.Equal(SqlitePoolConnectionRole.Writer, Assert.Single(pool.GetLeases()).Role);
    }

    private static void AssertIs(SqlitePoolStatus status, SqlitePool pool, string reason)
    {
        SqlitePoolHealth health = pool.GetHealth();
        Assert.Contains(reason, Assert.Single(health.Reasons), StringComparison.Ordinal);
        Assert.Equal(status, health.Status);
    }
}
