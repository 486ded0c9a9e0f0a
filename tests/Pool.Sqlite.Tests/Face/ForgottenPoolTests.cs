using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>A pool that is dropped instead of closed.</summary>
public sealed class ForgottenPoolTests
{
    [Fact]
    public async Task It_can_be_collected_and_its_housekeeper_ends()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        WeakReference pool = Forget(database, time);
        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !pool.IsAlive && database.OpenFiles().Length == 0;
        });
        Assert.Equal(1, time.ArmedTimers);

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, time.ArmedTimers);
    }

    [Fact]
    public async Task Its_files_are_closed_by_their_finalizers()
    {
        using TempDatabase database = new();
        Forget(database, new FakeTimeProvider());

        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return database.OpenFiles().Length == 0;
        });
    }

    [Fact]
    public async Task On_the_systems_clock_it_is_collected_all_the_same()
    {
        using TempDatabase database = new();
        WeakReference pool = Forget(database, TimeProvider.System);

        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !pool.IsAlive && database.OpenFiles().Length == 0;
        });
    }

    [Fact]
    public void A_closed_pool_leaves_no_timer()
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        SqlitePool pool = new(database.Options(), timeProvider: time);
        pool.Rent().Dispose();
        Assert.Equal(1, time.ArmedTimers);

        pool.Dispose();

        Assert.Equal(0, time.ArmedTimers);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forget(TempDatabase database, TimeProvider time)
    {
        SqlitePool pool = new(database.Options(), timeProvider: time);
        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("create table t(value int)");
        }

        return new WeakReference(pool);
    }
}
