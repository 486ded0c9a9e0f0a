using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Renting by key, blocking the thread; and work for all keys with a token right after it.</summary>
public sealed class PoolSetBlockingTests : PoolSetTest
{
    [Fact]
    public void Each_kind_of_lease_is_that_of_the_keys_pool()
    {
        SqlitePoolSet set = MakeSet();
        using (SqlitePoolConnection writer = set.RentWriter("a"))
        {
            Assert.Equal(SqlitePoolConnectionRole.Writer, writer.Role);
            writer.Run("create table t(x)");
        }

        using (SqlitePoolConnection connection = set.Rent("a", CancellationToken.None))
        {
            connection.Run("insert into t values (1)");
        }

        using SqlitePoolConnection reader = set.RentReader("a");
        Assert.Equal(SqlitePoolConnectionRole.Reader, reader.Role);
        Assert.Equal("1", reader.Ask("select count(*) from t"));
        Assert.Equal(1, set["a"].GetStatistics().InUse);
        Assert.Equal(["a"], set.Keys);
    }

    [Fact]
    public async Task What_cannot_be_rented_is_told()
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.Pool.PoolSize = 1;
            options.Pool.MaxOverflow = 0;
            options.Pool.RentTimeout = TimeSpan.Zero;
        });
        Assert.Throws<ArgumentException>(() => set.Rent("../a"));
        Assert.Throws<ArgumentNullException>(() => set.RentReader(null!));
        using (set.Rent("a"))
        {
            Assert.Throws<SqlitePoolTimeoutException>(() => set.Rent("a"));
        }

        Assert.Throws<OperationCanceledException>(() => set.Rent("a", new CancellationToken(canceled: true)));
        await set.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => set.Rent("a"));
        Assert.Throws<ObjectDisposedException>(() => set.RentWriter("a"));
    }

    [Fact]
    public async Task A_token_may_stand_right_after_the_work()
    {
        SqlitePoolSet set = MakeSet();
        using CancellationTokenSource stop = new();
        await Use(set, "a");
        int calls = 0;
        Func<string, SqlitePool, CancellationToken, Task> work = (_, _, token) =>
        {
            calls += token.CanBeCanceled ? 1 : 0;
            return Task.CompletedTask;
        };
        await set.ForEachAsync(work, stop.Token);
        await set.ForEachAsync(["a"], work, stop.Token);
        await set.ForEachAsync(work, cancellationToken: stop.Token);
        await set.ForEachAsync(work, 1, stop.Token);
        Assert.Equal(4, calls);
        await set.ForEachAsync(work, default);
    }
}
