using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Reliability;

/// <summary>What must not grow with use. The whole figures: the benchmarks' verb <c>limits</c>.</summary>
public sealed class LimitsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Many_rents_texts_and_pools_leave_nothing_behind()
    {
        using TempDatabase folder = new();
        using WriterProcess process = new(["limits", folder.Path, "100000", "5000", "400"]);

        (string said, int result) = await process.RunToEnd(TimeSpan.FromMinutes(5));

        output.WriteLine(said);
        Assert.True(result == 0, said);
    }

    [Fact]
    public void A_day_of_housekeeping_leaves_what_a_minute_leaves()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        SqlitePoolOptions options = database.Options();
        options.MinIdle = 2;
        using SqlitePool pool = new(options, timeProvider: time);
        RentThree(pool);
        time.Advance(TimeSpan.FromMinutes(1));
        int timers = time.ArmedTimers;

        for (int minute = 0; minute < 24 * 60; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            if (minute % 7 == 0)
            {
                RentThree(pool);
            }
        }

        time.Advance(TimeSpan.FromHours(2));
        SqlitePoolStatistics statistics = pool.GetStatistics();
        Assert.Equal((2, 0, 0), (statistics.Open, statistics.InUse, statistics.OpenFailures));
        Assert.Equal(timers, time.ArmedTimers);

        // Each connection once in its hour, and not more often.
        Assert.InRange(statistics.ClosedByAge, 24, 26 * 4);
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);

        static void RentThree(SqlitePool pool)
        {
            SqlitePoolConnection[] leases = [pool.Rent(), pool.Rent(), pool.Rent()];
            Array.ForEach(leases, static lease => lease.Dispose());
        }
    }
}
