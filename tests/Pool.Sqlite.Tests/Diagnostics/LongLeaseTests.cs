using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>Leases that are out for longer than <see cref="SqlitePoolOptions.LeakThreshold"/>.</summary>
[Collection(nameof(MeterCollector))]
public sealed class LongLeaseTests : DiagnosticsTest
{
    private const int Held = 15;
    private const int CameBack = 16;

    [Fact]
    public async Task One_is_reported_once_with_who_waits_and_again_when_it_comes_back()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0, LeakAfter(20));
        SqlitePoolConnection lease = await pool.RentAsync();
        string name = Assert.Single(pool.GetLeases()).Name;
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(19));
        Assert.DoesNotContain(Log.Entries, entry => entry.Id == Held);

        Time.Advance(TimeSpan.FromSeconds(1));
        string report = Logged(Held).Text;
        Assert.Contains($"lease {name} (ReadWrite), out for 20 s", report, StringComparison.Ordinal);
        Assert.Contains("1 of 1 are in use, 1 rents and 0 writes wait", report, StringComparison.Ordinal);
        Assert.Contains("CaptureRentSite = true would show", report, StringComparison.Ordinal);

        Time.Advance(TimeSpan.FromSeconds(5));
        Logged(Held);
        Assert.DoesNotContain(Log.Entries, entry => entry.Id == CameBack);

        lease.Dispose();
        Assert.Contains(
            $"lease {name}, which was reported as held too long, came back after 25 s",
            Logged(CameBack).Text,
            StringComparison.Ordinal
        );
        (await waiting.Limited()).Dispose();
    }

    [Fact]
    public async Task With_rent_sites_the_report_says_where_without_the_pools_own_frames()
    {
        await using SqlitePool pool = Pool(more: options =>
            (options.LeakThreshold, options.CaptureRentSite) = (TimeSpan.FromSeconds(20), true)
        );
        using SqlitePoolConnection lease = await RentHere(pool);

        Time.Advance(TimeSpan.FromSeconds(20));

        string report = Logged(Held).Text;
        Assert.Contains(nameof(RentHere), report, StringComparison.Ordinal);
        string[] frames = Frames(pool.GetLeases()[0].RentSite!);
        Assert.Contains(nameof(RentHere), frames[0], StringComparison.Ordinal);
        Assert.InRange(frames.Length, 1, 20);
        Assert.DoesNotContain(
            frames,
            frame =>
                frame.Contains("Pool.Sqlite.SqlitePool.", StringComparison.Ordinal)
                || frame.Contains("System.Threading.", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task However_deep_the_caller_is_twenty_frames_are_kept()
    {
        await using SqlitePool pool = Pool(more: options => options.CaptureRentSite = true);
        using SqlitePoolConnection lease = Deep(pool, 100);

        Assert.Equal(20, Frames(pool.GetLeases()[0].RentSite!).Length);
    }

    [Fact]
    public async Task Each_of_several_is_reported_and_each_lease_of_a_connection_anew()
    {
        await using SqlitePool pool = Pool(size: 2, overflow: 0, LeakAfter(20));
        for (int round = 1; round <= 2; round++)
        {
            SqlitePoolConnection[] two = [pool.Rent(), pool.Rent()];
            Time.Advance(TimeSpan.FromSeconds(30));
            Assert.Equal(2 * round, Log.Entries.Count(entry => entry.Id == Held));
            Array.ForEach(two, lease => lease.Dispose());
            Assert.Equal(2 * round, Log.Entries.Count(entry => entry.Id == CameBack));
        }
    }

    [Theory]
    [InlineData(true, "Reader")]
    [InlineData(false, "Writer, holds the write gate")]
    public async Task Readers_and_writers_are_reported_too(bool reader, string role)
    {
        await using SqlitePool pool = Pool(more: LeakAfter(20));
        using SqlitePoolConnection lease = reader ? await pool.RentReaderAsync() : await pool.RentWriterAsync();

        Time.Advance(TimeSpan.FromSeconds(20));

        Assert.Contains($"({role}), out for 20 s", Logged(Held).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_given_back_in_time_is_not_reported_however_often_it_is_rented()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0, LeakAfter(20));
        for (int i = 0; i < 10; i++)
        {
            using SqlitePoolConnection lease = await pool.RentAsync();
            Time.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.DoesNotContain(Log.Entries, entry => entry.Id is Held or CameBack);
    }

    [Fact]
    public async Task Without_a_threshold_nothing_is_reported()
    {
        await using SqlitePool pool = Pool();
        using (SqlitePoolConnection lease = await pool.RentAsync())
        {
            Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.DoesNotContain(Log.Entries, entry => entry.Id is Held or CameBack);
    }

    [Fact]
    public async Task A_dropped_lease_is_counted_by_the_meter_and_logged_with_its_transaction()
    {
        using MeterCollector ear = new(Name);
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        Drop(pool);
        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return pool.GetStatistics().InUse == 0;
        });

        ear.Look();
        Assert.Equal(1, ear.Last("pool.sqlite.leaks"));
        Assert.Equal("Pool.Sqlite.Pooling", Logged(3).Category);
        Assert.Contains("rolled back", Logged(1).Text, StringComparison.Ordinal);
        Assert.Contains("1 lease was dropped", Assert.Single(pool.GetHealth().Reasons), StringComparison.Ordinal);
        using SqlitePoolConnection next = await pool.RentAsync();
        Assert.Equal("0", next.Ask("select count(*) from sqlite_master"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_threshold_that_makes_no_sense_is_refused(int seconds)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Pool(more: LeakAfter(seconds)));

        Assert.Contains("LeakThreshold is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_threshold_makes_the_housekeeper_come_more_often()
    {
        using SqlitePool pool = Pool(more: options => options.LeakThreshold = TimeSpan.FromMilliseconds(200));
        using SqlitePoolConnection lease = pool.Rent();

        Time.Advance(TimeSpan.FromMilliseconds(250));

        Logged(Held);
    }

    private static Action<SqlitePoolOptions> LeakAfter(double seconds) =>
        options => options.LeakThreshold = TimeSpan.FromSeconds(seconds);

    private static string[] Frames(string site) =>
        site.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<SqlitePoolConnection> RentHere(SqlitePool pool) => await pool.RentAsync();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static SqlitePoolConnection Deep(SqlitePool pool, int depth)
    {
        SqlitePoolConnection lease = depth == 0 ? pool.Rent() : Deep(pool, depth - 1);
        GC.KeepAlive(pool);
        return lease;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(SqlitePool pool)
    {
        SqlitePoolConnection lease = pool.Rent();
        lease.BeginTransaction();
        lease.Run("create table t(value int)");
    }
}
