using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>Each advice, provoked by what it is for; and silence where the figures do not show it.</summary>
public sealed class AdviceTests : DiagnosticsTest
{
    [Fact]
    public async Task Ordinary_work_gets_none_but_for_an_old_engine()
    {
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value int)");
        for (int i = 0; i < 200; i++)
        {
            await pool.ExecuteAsync($"insert into t values ({i})");
            using SqlitePoolConnection reader = await pool.RentReaderAsync();
            reader.Ask("select sum(value) from t");
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(EngineAdvice.For(EngineVersion.Current), pool.GetHealth().Advice);
    }

    [Fact]
    public async Task Connections_beyond_the_base_size_that_open_and_close_ask_for_a_larger_one()
    {
        await using SqlitePool pool = Pool(
            size: 1,
            overflow: 2,
            options => options.OverflowIdleTimeout = TimeSpan.Zero
        );
        RentTogether(pool, count: 2, times: 60);

        SqlitePoolAdvice advice = Advised(pool, "base-size");

        Assert.Contains("Make PoolSize larger than 1, up to 2", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains(
            "60 connections beyond PoolSize were closed again, at 120 rents; 49.2 %",
            advice.Evidence,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Those_that_linger_between_bursts_do_not()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 2);
        RentTogether(pool, count: 3, times: 60);

        AssertSilent(pool, "base-size");
    }

    [Fact]
    public async Task Nor_does_one_burst_of_long_ago()
    {
        await using SqlitePool pool = Pool(
            size: 1,
            overflow: 2,
            options => options.OverflowIdleTimeout = TimeSpan.Zero
        );
        RentTogether(pool, count: 2, times: 60);
        Time.Advance(TimeSpan.FromMinutes(6));
        RentTogether(pool, count: 1, times: 200);

        AssertSilent(pool, "base-size");
    }

    [Fact]
    public async Task Connections_that_are_lost_to_what_leases_leave_behind_are_to_be_reused()
    {
        await using SqlitePool pool = Pool(size: 1);
        for (int i = 0; i < 100; i++)
        {
            using SqlitePoolConnection lease = await pool.RentAsync();
            lease.Run(i % 10 == 0 ? "create temp table x(y)" : "select 1");
        }

        Assert.Contains(
            "10 connections were not used again after their lease, at 100 rents; 89 %",
            Advised(pool, "reuse").Evidence,
            StringComparison.Ordinal
        );
        AssertSilent(pool, "base-size");
    }

    [Fact]
    public async Task A_few_of_them_are_not_worth_a_word()
    {
        await using SqlitePool pool = Pool(size: 1);
        for (int i = 0; i < 200; i++)
        {
            using SqlitePoolConnection lease = await pool.RentAsync();
            lease.Run(i % 50 == 0 ? "create temp table x(y)" : "select 1");
        }

        AssertSilent(pool, "reuse");
    }

    [Fact]
    public async Task Long_waits_with_idle_processors_ask_for_a_larger_pool()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        pool.Inspector.CpuTime = () => TimeSpan.Zero;
        await WaitInTurn(pool, waiters: 25);

        SqlitePoolAdvice advice = Advised(pool, "pool-size");

        Assert.Contains(
            "Make PoolSize larger than 1 (with MaxOverflow 0)",
            advice.Recommendation,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "25 rents had to wait, 13 s on average, and the process used 0 %",
            advice.Evidence,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task With_busy_processors_they_do_not()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        pool.Inspector.CpuTime = () => TimeSpan.FromDays(1);
        await WaitInTurn(pool, waiters: 25);

        AssertSilent(pool, "pool-size");
    }

    [Fact]
    public async Task Nor_do_a_few_waits()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        pool.Inspector.CpuTime = () => TimeSpan.Zero;
        await WaitInTurn(pool, waiters: 10);

        AssertSilent(pool, "pool-size");
    }

    [Fact]
    public async Task Nor_do_waits_behind_those_who_wait_to_write()
    {
        await using SqlitePool pool = Pool(size: 25, overflow: 0);
        pool.Inspector.CpuTime = () => TimeSpan.Zero;
        await WriteAllAtOnce(pool, writers: 50);

        AssertSilent(pool, "pool-size");
        Advised(pool, "write-queue");
    }

    [Fact]
    public async Task Waits_for_the_write_gate_ask_for_the_write_queue()
    {
        await using SqlitePool pool = Pool(size: 30);
        await WriteAllAtOnce(pool, writers: 25);

        SqlitePoolAdvice advice = Advised(pool, "write-queue");

        Assert.Contains("SqlitePool.Writes", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains(
            "25 writes had to wait for the write gate, 4 s each: 25 at any moment",
            advice.Evidence,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(25, 30)]
    public async Task Few_of_them_or_seldom_do_not(int writers, int quietMinutes)
    {
        await using SqlitePool pool = Pool(size: 30);
        await WriteAllAtOnce(pool, writers);
        Time.Advance(TimeSpan.FromMinutes(quietMinutes));

        AssertSilent(pool, "write-queue");
    }

    [Fact]
    public async Task A_lease_that_is_open_for_minutes_is_named()
    {
        await using SqlitePool pool = Pool();
        using SqlitePoolConnection lease = await pool.RentReaderAsync();
        Time.Advance(TimeSpan.FromMinutes(3));

        SqlitePoolAdvice advice = Advised(pool, "long-lease");

        Assert.Contains(
            $"1 of 1 lease is out for more than 2 min, while 0 rents wait; the longest: lease {pool.GetLeases()[0].Name} (Reader)",
            advice.Evidence,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_is_long_is_what_the_leak_threshold_says()
    {
        await using SqlitePool pool = Pool(more: options => options.LeakThreshold = TimeSpan.FromMinutes(10));
        using SqlitePoolConnection lease = await pool.RentAsync();
        Time.Advance(TimeSpan.FromMinutes(9));
        AssertSilent(pool, "long-lease");
        Time.Advance(TimeSpan.FromMinutes(1));

        Advised(pool, "long-lease");
    }

    [Fact]
    public async Task A_WAL_that_grows_under_a_reader_names_the_reader()
    {
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value int)");
        using SqlitePoolConnection reader = await pool.RentReaderAsync();
        reader.Ask("select count(*) from t");
        Time.Advance(TimeSpan.FromSeconds(1));
        using SqlitePoolConnection other = await pool.RentReaderAsync();
        WriteMuch(pool);
        AssertSilent(pool, "wal-pinned");
        Time.Advance(TimeSpan.FromSeconds(15));

        SqlitePoolAdvice advice = Advised(pool, "wal-pinned");

        string name = pool.GetLeases().Single(lease => lease.LeaseId == reader.LeaseId).Name;
        Assert.Contains($"of lease {name}:", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains(
            "in the 15 s for which the lease has read from one state",
            advice.Evidence,
            StringComparison.Ordinal
        );
        reader.Dispose();
        AssertSilent(pool, "wal-pinned");
    }

    [Fact]
    public async Task A_WAL_that_was_large_before_the_reader_came_does_not()
    {
        await using SqlitePool pool = Pool();
        WriteMuch(pool);
        using SqlitePoolConnection reader = await pool.RentReaderAsync();
        reader.Ask("select count(*) from big");
        Time.Advance(TimeSpan.FromSeconds(20));

        AssertSilent(pool, "wal-pinned");
    }

    [Fact]
    public async Task Nor_does_a_reader_under_which_little_is_written()
    {
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value int)");
        using SqlitePoolConnection reader = await pool.RentReaderAsync();
        reader.Ask("select count(*) from t");
        Time.Advance(TimeSpan.FromSeconds(20));
        await pool.ExecuteAsync($"insert into t values (1)");

        AssertSilent(pool, "wal-pinned");
    }

    private static void RentTogether(SqlitePool pool, int count, int times)
    {
        for (int i = 0; i < times; i++)
        {
            SqlitePoolConnection[] leases = [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];
            Array.ForEach(leases, lease => lease.Dispose());
        }
    }

    // All begin to wait at once; each is served a second after the one before.
    private async Task WaitInTurn(SqlitePool pool, int waiters)
    {
        SqlitePoolConnection lease = await pool.RentAsync();
        Task<SqlitePoolConnection>[] waiting = [.. Enumerable.Range(0, waiters).Select(_ => Waiting(pool))];
        foreach (Task<SqlitePoolConnection> next in waiting)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            lease.Dispose();
            lease = await next.Limited();
        }

        lease.Dispose();
    }
}
