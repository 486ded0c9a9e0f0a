using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Work that is not written as async and returns null where a task belongs.</summary>
public sealed class WorkWithoutTaskTests : PoolSetTest
{
    [Fact]
    public async Task On_a_pool_every_form_says_that_the_work_returned_null_and_ends_its_lease()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        pool.Write(connection => connection.Run("create table t(x)"));

        await Told(() => pool.ReadAsync(_ => (Task)null!));
        await Told(() => pool.ReadAsync((_, _) => (Task)null!));
        await Told(() => pool.ReadAsync(_ => (Task<int>)null!));
        await Told(() => pool.ReadAsync((_, _) => (Task<int>)null!));
        await Told(() => pool.WriteAsync(_ => (Task)null!));
        await Told(() => pool.WriteAsync((_, _) => (Task)null!));
        await Told(() => pool.WriteAsync(_ => (Task<int>)null!));
        await Told(() =>
            pool.WriteAsync(
                (connection, _) =>
                {
                    connection.Run("insert into t values (1)");
                    return (Task<int>)null!;
                }
            )
        );
        await Told(() => pool.RunExclusiveAsync(_ => null!));

        Assert.Equal("0", pool.Read(connection => connection.Ask("select count(*) from t")));
        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task On_any_data_source_every_form_says_so_too(bool isPool)
    {
        using TempDatabase database = new();
        await using DbDataSource source = isPool
            ? new SqlitePool(database.Options())
            : SqliteFactory.Instance.CreateDataSource(database.ConnectionString + ";Pooling=False");

        await Told(() => source.ReadAsync((DbConnection _) => (Task)null!));
        await Told(() => source.ReadAsync((DbConnection _, CancellationToken _) => (Task)null!));
        await Told(() => source.ReadAsync((DbConnection _) => (Task<int>)null!));
        await Told(() => source.ReadAsync((DbConnection _, CancellationToken _) => (Task<int>)null!));
        await Told(() => source.WriteAsync((DbConnection _) => (Task)null!));
        await Told(() => source.WriteAsync((DbConnection _, CancellationToken _) => (Task)null!));
        await Told(() => source.WriteAsync((DbConnection _) => (Task<int>)null!));
        await Told(() => source.WriteAsync((DbConnection _, CancellationToken _) => (Task<int>)null!));
    }

    [Fact]
    public async Task On_a_set_it_is_told_for_each_key()
    {
        SqlitePoolSet set = MakeSet();
        AggregateException failed = await Assert.ThrowsAsync<AggregateException>(() =>
            set.ForEachAsync(["a", "b"], (_, _, _) => null!)
        );
        Assert.Equal(2, failed.InnerExceptions.Count);
        Assert.All(
            failed.InnerExceptions,
            each => Assert.Contains("returned null instead of a task", each.Message, StringComparison.Ordinal)
        );
    }

    private static async Task Told(Func<Task> call)
    {
        InvalidOperationException told = await Assert.ThrowsAsync<InvalidOperationException>(call);
        Assert.Contains("The work returned null instead of a task", told.Message, StringComparison.Ordinal);
    }
}
