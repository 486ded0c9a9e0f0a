using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

public sealed class StatisticsTests
{
    [Fact]
    public async Task A_scripted_run_is_counted_exactly()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        await using SqlitePool pool = new(database.Options(size: 2, overflow: 1), timeProvider: time);
        Assert.Equal(0, pool.GetStatistics().HitRatio);

        SqlitePoolConnection one = await pool.RentAsync();
        SqlitePoolConnection two = await pool.RentAsync();
        SqlitePoolConnection three = await pool.RentAsync();
        Task<SqlitePoolConnection> handedOver = pool.RentAsync().AsTask();
        Task<SqlitePoolConnection> tooLate = pool.RentAsync().AsTask();
        SqlitePoolStatistics busy = pool.GetStatistics();
        Assert.Equal((2, 1), (busy.PoolSize, busy.MaxOverflow));
        Assert.Equal((3, 3, 0, 1, 2), (busy.Open, busy.InUse, busy.Idle, busy.Overflow, busy.Waiting));

        time.Advance(TimeSpan.FromSeconds(4));
        one.Dispose();
        SqlitePoolConnection four = await handedOver.Limited();
        time.Advance(TimeSpan.FromSeconds(26));
        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => tooLate.Limited());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            pool.RentAsync(new CancellationToken(true)).AsTask()
        );
        two.Retire();
        two.Dispose();
        three.Run("create temp table t(x)");
        three.Dispose();
        four.Dispose();
        pool.Rent().Dispose();

        SqlitePoolStatistics quiet = pool.GetStatistics();
        Assert.Equal(
            (1, 0, 1, 0, 0, 0),
            (quiet.Open, quiet.InUse, quiet.Idle, quiet.Overflow, quiet.Waiting, quiet.Opening)
        );
        Assert.Equal((5, 2, 3), (quiet.Rents, quiet.Hits, quiet.Misses));
        Assert.Equal(0.4, quiet.HitRatio, 3);
        Assert.Equal(3, quiet.PeakInUse);
        Assert.Equal((1, 1, 0), (quiet.Timeouts, quiet.Cancellations, quiet.OpenFailures));
        Assert.Equal((1, 1, 1), (quiet.ClosedByRetire, quiet.Recycled, quiet.Discarded));
        Assert.Equal(
            0,
            quiet.Leaks + quiet.HealthCheckFailures + quiet.ClosedByAge + quiet.ClosedByIdle + quiet.ClosedByClear
        );
        Assert.Equal((2, 2), (quiet.Waits, quiet.WaitTime.Count));
        Assert.Equal(TimeSpan.FromSeconds(30), quiet.WaitTime.Max);
        Assert.Equal(TimeSpan.FromSeconds(34), quiet.WaitTime.Total);
        Assert.Equal(TimeSpan.FromSeconds(17), quiet.WaitTime.Mean);
        Assert.InRange(quiet.WaitTime.P50.TotalSeconds, 4, 4.5);
        Assert.InRange(quiet.WaitTime.P99.TotalSeconds, 30, 33.75);
    }

    [Fact]
    public async Task A_statement_that_is_the_pools_own_is_no_command()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        await pool.ExecuteAsync($"create table t(x)");
        await pool.ExecuteManyAsync(
            "insert into t values ($x)",
            [
                [1],
                [2],
            ]
        );
        Task[] items = [];
        await pool
            .Writes.EnqueueAsync(connection =>
            {
                connection.Run("insert into t values (3)");
                items = Limit
                    .OnThread(() =>
                        OtherFlow.Run(() =>
                            Enumerable
                                .Range(4, 3)
                                .Select(x => (Task)pool.Writes.ExecuteAsync("insert into t values ($x)", [x]))
                                .ToArray()
                        )
                    )
                    .Result;
            })
            .Limited();
        await Task.WhenAll(items).Limited();

        // The table, two rows and four items; twice the parameters were read first. Neither BEGIN nor SAVEPOINT.
        SqlitePoolStatistics statistics = pool.GetStatistics();
        Assert.Equal(9, statistics.StatementHits + statistics.StatementMisses);
    }

    [Fact]
    public async Task While_a_connection_is_being_closed_nothing_is_counted_twice()
    {
        using TempDatabase database = new();
        using TestLog log = new();
        await using SqlitePool pool = new(database.Options(size: 1), log);
        List<long> seen = [];
        log.Written = entry =>
        {
            if (entry.Id == 12)
            {
                seen.Add(pool.GetStatistics().StatementMisses);
            }
        };
        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("create table t(x)");
            connection.Run("insert into t values (1)");
            connection.Retire();
        }

        seen.Add(pool.GetStatistics().StatementMisses);
        Assert.Equal([2, 2], seen);
    }

    [Fact]
    public async Task The_peak_is_the_most_that_were_out_at_once()
    {
        using TempDatabase database = new();

        // On a clock that stands: the housekeeper takes permits as well.
        await using SqlitePool pool = new(database.Options(size: 5, overflow: 5), timeProvider: new FakeTimeProvider());
        for (int count = 1; count <= 7; count++)
        {
            SqlitePoolConnection[] leases = [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];
            Assert.Equal(count, pool.GetStatistics().PeakInUse);
            Array.ForEach(leases, lease => lease.Dispose());
        }

        await pool.ClearAsync();
        pool.Rent().Dispose();
        Assert.Equal(7, pool.GetStatistics().PeakInUse);
    }

    [Fact]
    public async Task A_warm_up_is_no_use_and_no_peak()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        await pool.WarmUpAsync();

        Assert.Equal(
            (0, 0, 0),
            (pool.GetStatistics().PeakInUse, pool.GetStatistics().Rents, pool.GetStatistics().InUse)
        );
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(6, 2)]
    [InlineData(8, 0)]
    public async Task After_eight_threads_the_counters_are_exact_and_no_file_is_left_open(int size, int overflow)
    {
        const int Threads = 8;
        const int Rounds = 400;
        using TempDatabase database = new();
        SqlitePool pool = new(database.Options(size, overflow));
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int); insert into t values(1)");
        }

        await Task.WhenAll(
                Enumerable.Range(0, Threads).Select(thread => Limit.OnThread(() => Use(pool, thread, Rounds)))
            )
            .Limited();

        SqlitePoolStatistics statistics = pool.GetStatistics();
        Assert.Equal((Threads * Rounds) + 1, statistics.Rents);
        Assert.Equal((0, 0, 0), (statistics.InUse, statistics.Waiting, statistics.Opening));
        Assert.Equal(0, statistics.Timeouts + statistics.Cancellations + statistics.OpenFailures + statistics.Leaks);
        Assert.InRange(statistics.PeakInUse, 1, size + overflow);
        Assert.Equal(Threads * Rounds / 100, statistics.ClosedByRetire);
        Assert.Equal(
            statistics.Open,
            statistics.Misses
                - statistics.Recycled
                - statistics.Discarded
                - statistics.ClosedByIdle
                - statistics.ClosedByOverflow
        );

        await pool.DisposeAsync().Limited();

        Assert.Equal(0, pool.GetStatistics().Open);
        Assert.Equal((Threads * Rounds) + 1, pool.GetStatistics().Rents);
        Assert.Empty(database.OpenFiles());
        Assert.False(database.Exists("-wal"));
    }

    private static void Use(SqlitePool pool, int thread, int rounds)
    {
        for (int i = 1; i <= rounds; i++)
        {
            SqlitePoolConnection connection =
                (i + thread) % 2 == 0 ? pool.Rent() : pool.RentAsync().AsTask().GetAwaiter().GetResult();
            using (connection)
            {
                Assert.Equal("1", connection.Ask("select value from t"));
                if (i % 100 == 0)
                {
                    connection.Retire();
                }
                else if (i % 10 == 0)
                {
                    connection.Run("PRAGMA cache_size=5; begin");
                }
            }
        }
    }
}
