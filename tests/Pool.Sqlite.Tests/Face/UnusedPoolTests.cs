using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Pools that are made and never used, or not any more.</summary>
public sealed class UnusedPoolTests
{
    [Fact]
    public void A_pool_that_is_made_and_never_used_has_no_timer_and_little_memory()
    {
        FakeTimeProvider time = new();
        MakeOne().Dispose();
        List<SqlitePool> pools = [];

        // With what is garbage at once; the least of three, because the table of all pools grows at times.
        long allocated = Enumerable
            .Range(0, 3)
            .Min(_ => AllocatedBy(() => pools.AddRange(Enumerable.Range(0, 100).Select(_ => MakeOne()))));
        Assert.InRange(allocated / 100, 0, 15_000);
        Assert.Equal(0, time.CreatedTimers);
        pools.ForEach(static pool => pool.Dispose());
        Assert.Equal(0, time.CreatedTimers);

        // Not in the folder for temporary files, whose name is longer on some machines: what is made of it counts.
        SqlitePool MakeOne() =>
            new(new SqlitePoolOptions { ConnectionString = "Data Source=/never-made/test.db" }, timeProvider: time);
    }

    [Fact]
    public async Task Ten_thousand_pools_that_are_made_and_forgotten_leave_nothing()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        List<WeakReference> pools = MakeAndForget(database, time, 10_000);

        // Another test that reads the meters at this moment holds every pool for as long as it reads.
        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !pools.Exists(static pool => pool.IsAlive);
        });
        Assert.Equal(0, time.CreatedTimers);
        Assert.False(database.Exists());
    }

    private static long AllocatedBy(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static IEnumerable<SqlitePool> Make(TempDatabase database, TimeProvider time, int count) =>
        Enumerable.Range(0, count).Select(_ => new SqlitePool(database.Options(), timeProvider: time));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> MakeAndForget(TempDatabase database, TimeProvider time, int count) =>
        [.. Make(database, time, count).Select(static pool => new WeakReference(pool))];

    [Fact]
    public async Task All_pools_of_a_clock_share_one_timer_that_goes_with_the_last_of_them()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        SqlitePool[] pools = [.. Make(database, time, 5)];
        foreach (SqlitePool pool in pools)
        {
            using SqlitePoolConnection connection = pool.Rent();
        }

        Assert.Equal(1, time.ArmedTimers);
        await Task.WhenAll(pools[1..].Select(static pool => pool.DisposeAsync().AsTask())).Limited();

        // The timers of the waits in there go a moment after them.
        await Limit.Until(() => time.ArmedTimers == 1);
        await pools[0].DisposeAsync();
        await Limit.Until(() => time.ArmedTimers == 0);
    }

    [Fact]
    public async Task Rounds_rest_when_nothing_has_been_open_for_long_and_begin_again_with_the_next_open()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        SqlitePoolOptions options = database.Options();
        options.IdleTimeout = TimeSpan.FromSeconds(5);
        await using SqlitePool pool = new(options, timeProvider: time);
        pool.Rent().Dispose();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((0, 1L), (pool.GetStatistics().Open, pool.GetStatistics().ClosedByIdle));

        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, time.ArmedTimers);

        pool.Rent().Dispose();
        Assert.Equal(1, time.ArmedTimers);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((0, 2L), (pool.GetStatistics().Open, pool.GetStatistics().ClosedByIdle));
    }
}
