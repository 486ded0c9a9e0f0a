using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Pools of a set that are removed, not used for long, or too many.</summary>
public sealed class PoolSetClosingTests : PoolSetTest
{
    [Fact]
    public async Task A_removed_key_has_no_file_open_and_can_be_deleted()
    {
        SqlitePoolSet set = MakeSet();
        await Use(set, "a");
        await Use(set, "b");

        Assert.True(await set.RemoveAsync("a").Limited());

        Assert.Equal(["b"], set.Keys);
        Assert.DoesNotContain(OpenFiles(), file => file.Contains("/a.db", StringComparison.Ordinal));
        Assert.False(File.Exists(set.GetPath("a") + "-wal"));
        File.Delete(set.GetPath("a"));
        Assert.Equal(["b"], set.FindKeys());
        Assert.False(await set.RemoveAsync("a").Limited());

        using SqlitePoolConnection anew = await set.RentAsync("a");
        Assert.Equal("0", anew.Ask("select count(*) from sqlite_master"));
    }

    [Fact]
    public async Task A_rent_during_a_removal_waits_and_gets_a_new_pool()
    {
        SqlitePoolSet set = MakeSet();
        SqlitePool old = set["a"];
        SqlitePoolConnection held = await set.RentAsync("a");
        Task<bool> removal = set.RemoveAsync("a");
        Task<bool> again = set.RemoveAsync("a");
        Task<SqlitePoolConnection> rent = set.RentAsync("a").AsTask();
        Task<SqlitePool> blocked = Limit.OnThread(() => set.GetPool("a"));
        Task<SqlitePoolConnection> blockedRent = Limit.OnThread(() => set.Rent("a"));
        Assert.False(removal.IsCompleted || rent.IsCompleted || blocked.IsCompleted || blockedRent.IsCompleted);

        held.Dispose();

        Assert.True(await removal.Limited());
        Assert.True(await again.Limited());
        (await rent.Limited()).Dispose();
        (await blockedRent.Limited()).Dispose();
        Assert.Same(set["a"], await blocked.Limited());
        Assert.NotSame(old, set["a"]);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await old.RentAsync());
    }

    [Fact]
    public async Task A_rent_during_a_removal_waits_no_longer_than_its_timeout()
    {
        SqlitePoolSet set = MakeSet(options => options.Pool.RentTimeout = TimeSpan.FromSeconds(5), Time);
        SqlitePoolConnection held = await set.RentAsync("a");
        Task<bool> removal = set.RemoveAsync("a");
        Task<SqlitePoolConnection> rent = set.RentAsync("a").AsTask();
        using CancellationTokenSource cancellation = new();
        Task<SqlitePoolConnection> cancelled = set.RentAsync("a", cancellation.Token).AsTask();
        Task<SqlitePoolConnection> blocked = Limit.OnThread(() => set.Rent("a", cancellation.Token));

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocked.Limited());
        Time.Advance(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => rent.Limited());
        held.Dispose();
        Assert.True(await removal.Limited());
    }

    [Fact]
    public async Task A_removal_that_cannot_close_the_file_says_so()
    {
        SqlitePoolSet set = MakeSet(options => options.Pool.ShutdownTimeout = TimeSpan.Zero);
        SqlitePoolConnection held = await set.RentAsync("a");

        SqlitePoolTimeoutException refused = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            set.RemoveAsync("a").Limited()
        );

        Assert.Contains("do not delete", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, refused.InUse);
        held.Run("create table t (x)");
        await Use(set, "a");
        held.Dispose();
    }

    [Fact]
    public async Task A_pool_that_is_not_used_is_closed_as_a_whole()
    {
        SqlitePoolSet set = MakeSet(options => options.PoolIdleTimeout = TimeSpan.FromMinutes(5), Time);
        await Use(set, "a");
        await Use(set, "b");
        Time.Advance(TimeSpan.FromMinutes(4));
        await Use(set, "b");
        Assert.Equal(["a", "b"], set.Keys);

        Time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(["b"], set.Keys);
        await Limit.Until(() => !OpenFiles().Any(file => file.Contains("/a.db", StringComparison.Ordinal)));
        Assert.False(File.Exists(set.GetPath("a") + "-wal"));
        Assert.Equal((2, 1), (set.GetStatistics().PoolsMade, set.GetStatistics().PoolsClosed));
        await Use(set, "a");
        Assert.Equal(["a", "b"], set.Keys);
    }

    [Fact]
    public async Task A_pool_with_a_lease_out_is_kept()
    {
        SqlitePoolSet set = MakeSet(options => options.PoolIdleTimeout = TimeSpan.FromMinutes(5), Time);
        using (SqlitePoolConnection held = await set.RentAsync("a"))
        {
            Time.Advance(TimeSpan.FromMinutes(30));
            Assert.Equal(["a"], set.Keys);
            held.Run("create table t (x)");
        }

        Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(set.Keys);
    }

    [Fact]
    public async Task Code_that_kept_its_pool_goes_on_with_it_after_it_was_closed_for_want_of_use()
    {
        SqlitePoolSet set = MakeSet(options => options.PoolIdleTimeout = TimeSpan.FromMinutes(5), Time);
        SqlitePool kept = set["a"];
        await Use(set, "a");
        Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(set.Keys);

        // Without the set, and the set notices.
        using (await kept.RentAsync())
        {
            Time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(["a"], set.Keys);
        }

        Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(set.Keys);
        Assert.Same(kept, set["a"]);
        Assert.Equal(1, set.GetStatistics().PoolsMade);
    }

    [Fact]
    public async Task A_pool_that_nobody_has_any_more_is_forgotten()
    {
        SqlitePoolSet set = MakeSet(options => options.PoolIdleTimeout = TimeSpan.FromMinutes(5), Time);
        WeakReference pool = await UseAndForget(set);
        Time.Advance(TimeSpan.FromMinutes(6));
        await Limit.Until(() => OpenFiles().Length == 0);

        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !pool.IsAlive;
        });

        Assert.False(await set.RemoveAsync("a"));
        await Use(set, "a");
        Assert.Equal(2, set.GetStatistics().PoolsMade);
    }

    [Fact]
    public async Task Of_too_many_pools_the_least_recently_used_goes()
    {
        SqlitePoolSet set = MakeSet(options => options.MaxOpenPools = 2);
        await Use(set, "a");
        await Use(set, "b");
        await Use(set, "a");
        await Use(set, "c");
        Assert.Equal(["a", "c"], set.Keys);
        await Limit.Until(() => !OpenFiles().Any(file => file.Contains("/b.db", StringComparison.Ordinal)));

        // Those in use stay.
        using SqlitePoolConnection first = await set.RentAsync("a");
        using SqlitePoolConnection second = await set.RentAsync("c");
        await Use(set, "d");
        Assert.Equal(["a", "c", "d"], set.Keys);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> UseAndForget(SqlitePoolSet set)
    {
        await Use(set, "a");
        return new WeakReference(set["a"]);
    }
}
