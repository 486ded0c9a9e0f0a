using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>A pool that is dropped after its queue was used.</summary>
public sealed class ForgottenQueueTests
{
    [Fact]
    public async Task What_was_posted_is_stored_and_then_it_is_collected_and_its_files_are_closed()
    {
        using TempDatabase database = new();
        WeakReference pool = Forget(database);
        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !pool.IsAlive && database.OpenFiles().Length == 0;
        });
        using SqliteConnection direct = database.OpenDirectly();
        Assert.Equal("100", direct.Ask("select count(*) from t"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forget(TempDatabase database)
    {
        SqlitePool pool = new(database.Options());
        Assert.True(pool.Writes.TryPost(connection => connection.Run("create table t(id integer primary key)")));
        for (int id = 0; id < 100; id++)
        {
            Assert.True(pool.Writes.TryPost($"insert into t values ({id})"));
        }

        return new WeakReference(pool);
    }
}
