using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>
/// A lease that is dropped together with its pool: the native connection is finalized with it, in no order, and must
/// not be used any more.
/// </summary>
public sealed class DroppedWithPoolTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Theory]
    [InlineData("idle")]
    [InlineData("transaction")]
    [InlineData("reader")]
    [InlineData("writer")]
    [InlineData("settings")]
    public async Task It_is_closed_by_its_finalizer_and_holds_up_no_other_pool(string state)
    {
        await using SqlitePool other = new(_database.Options());
        await other.ExecuteAsync($"create table t(a)");
        for (int round = 0; round < 40; round++)
        {
            for (int i = 0; i < 3; i++)
            {
                Drop(state);
                await Collected(other);
            }
        }

        await other.ClearAsync();
        await Limit.Until(() =>
        {
            Collect();
            return _database.OpenFiles().Length == 0;
        });
    }

    public void Dispose() => _database.Dispose();

    private static async Task Collected(SqlitePool other)
    {
        Task<int> write = other.ExecuteAsync($"insert into t values (1)");
        await Limit.Until(() =>
        {
            Collect();
            return write.IsCompleted;
        });
        Assert.Equal(1, await write);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Drop(string state)
    {
        SqlitePool pool = new(_database.Options());
        SqlitePoolConnection lease = state == "writer" ? OtherFlow.Run(() => pool.RentWriter()) : pool.Rent();
        switch (state)
        {
            case "transaction":
                OtherFlow.Run(() =>
                {
                    lease.BeginTransaction();
                    lease.Run("insert into t values (0)");
                });
                break;
            case "reader":
                lease.CreateCommand("select a from t").ExecuteReader().Read();
                break;
            case "settings":
                lease.Run("pragma foreign_keys = off");
                break;
        }
    }
}
