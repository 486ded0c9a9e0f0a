using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Pools of a set that the caller's code has disposed, though they are the set's.</summary>
public sealed class PoolSetDisposedPoolTests : PoolSetTest
{
    public static TheoryData<bool, bool> Closes =>
        new()
        {
            { false, false },
            { false, true },
            { true, false },
            { true, true },
        };

    [Theory]
    [MemberData(nameof(Closes))]
    public async Task It_is_replaced_for_whoever_asks_next(bool async, bool leaseIsOut)
    {
        Func<SqlitePoolSet, Task<SqlitePool?>>[] asks =
        [
            static set => Task.FromResult<SqlitePool?>(set.GetPool("a")),
            static set => Rented(set.RentAsync("a")),
            static set => Rented(set.RentReaderAsync("a")),
            static set => Rented(set.RentWriterAsync("a")),
            static set => Rented(new ValueTask<SqlitePoolConnection>(set.Rent("a"))),
            static set => Rented(new ValueTask<SqlitePoolConnection>(set.RentReader("a"))),
            static set => Rented(new ValueTask<SqlitePoolConnection>(set.RentWriter("a"))),
            static async set =>
            {
                SqlitePool? given = null;
                await set.ForEachAsync(
                    (_, pool, _) =>
                    {
                        given = pool;
                        return Task.CompletedTask;
                    }
                );
                return given;
            },
        ];
        SqlitePoolSet set = MakeSet(options => options.Pool.ShutdownTimeout = TimeSpan.Zero);
        List<SqlitePoolConnection> held = [];
        for (int i = 0; i < asks.Length; i++)
        {
            await Use(set, "a");
            SqlitePool old = set["a"];
            if (leaseIsOut)
            {
                held.Add(await set.RentAsync("a"));
            }

            await Dispose(old, async);
            Assert.Empty(set.Keys);
            Assert.Equal(0, set.GetStatistics().OpenPools);

            SqlitePool? fresh = await OtherFlow.Run(() => Task.Run(() => asks[i](set))).Limited();

            Assert.NotSame(old, fresh ?? set["a"]);
            Assert.Same(set["a"], fresh ?? set["a"]);
            Assert.Equal(["a"], set.Keys);
            SqlitePoolSetStatistics statistics = set.GetStatistics();
            Assert.Equal((1, i + 2, 0), (statistics.OpenPools, statistics.PoolsMade, statistics.PoolsClosed));
        }

        held.ForEach(static lease => lease.Dispose());
        Assert.Equal("0", (await set["a"].ReadAsync(static c => Task.FromResult(c.Ask("select count(*) from t")))));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_rent_that_waits_when_its_pool_is_disposed_goes_to_the_new_one(bool async, bool blocking)
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.Pool.PoolSize = 1;
            options.Pool.MaxOverflow = 0;
            options.Pool.ShutdownTimeout = TimeSpan.Zero;
        });
        using SqlitePoolConnection held = await set.RentAsync("a");
        Task<SqlitePoolConnection> waiting = blocking
            ? Limit.OnThread(() => set.Rent("a"))
            : set.RentAsync("a").AsTask();
        await Limit.Until(() => set["a"].GetStatistics().Waiting == 1);

        await Dispose(set["a"], async);

        (await waiting.Limited()).Dispose();
        Assert.Equal(2, set.GetStatistics().PoolsMade);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_key_can_be_removed_and_there_is_nothing_to_be_removed_once_it_is_closed(bool async)
    {
        SqlitePoolSet set = MakeSet();
        await Use(set, "a");
        await Dispose(set["a"], async);
        bool removed = await set.RemoveAsync("a").Limited();

        // Only the asynchronous form waits for the end.
        Assert.False(async && removed);
        Assert.Empty(OpenFiles());
        await Use(set, "a");
        Assert.True(await set.RemoveAsync("a").Limited());
        Assert.Empty(OpenFiles());
    }

    [Fact]
    public async Task A_removal_waits_for_its_leases_as_well()
    {
        SqlitePoolSet set = MakeSet();
        SqlitePoolConnection held = await set.RentAsync("a");
        set["a"].Dispose();
        await Use(set, "a");
        Task<bool> removal = set.RemoveAsync("a");
        Assert.False(removal.IsCompleted);

        held.Dispose();

        Assert.True(await removal.Limited());
        Assert.Empty(OpenFiles());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_the_set_waits_for_its_leases_as_well(bool replaced)
    {
        SqlitePoolSet set = MakeSet();
        SqlitePoolConnection held = await set.RentAsync("a");
        set["a"].Dispose();
        if (replaced)
        {
            await Use(set, "a");
        }

        Task closing = set.DisposeAsync().AsTask();
        Assert.False(closing.IsCompleted);
        held.Dispose();

        await closing.Limited();
        Assert.Empty(OpenFiles());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => set.RentAsync("a").AsTask().Limited());
    }

    [Fact]
    public async Task One_that_was_let_go_before_is_replaced_as_well()
    {
        SqlitePoolSet set = MakeSet(options => options.PoolIdleTimeout = TimeSpan.FromMinutes(5), Time);
        SqlitePool old = set["a"];
        await Use(set, "a");
        Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(set.Keys);

        old.Dispose();

        Assert.NotSame(old, set["a"]);
        await Use(set, "a");
        Assert.Equal(["a"], set.Keys);
    }

    [Fact]
    public async Task It_takes_no_room_from_those_that_are_used()
    {
        SqlitePoolSet set = MakeSet(options => options.MaxOpenPools = 2);
        await Use(set, "a");
        await Use(set, "b");
        set["b"].Dispose();
        await Use(set, "c");

        Assert.Equal(["a", "c"], set.Keys);
        Assert.Equal(0, set.GetStatistics().PoolsClosed);
        await Use(set, "d");
        Assert.Equal(["c", "d"], set.Keys);
        Assert.Equal((4, 1), (set.GetStatistics().PoolsMade, set.GetStatistics().PoolsClosed));
    }

    private static async Task<SqlitePool?> Rented(ValueTask<SqlitePoolConnection> rent)
    {
        using SqlitePoolConnection connection = await rent;
        return null;
    }

    private static async Task Dispose(SqlitePool pool, bool async)
    {
        if (async)
        {
            await pool.DisposeAsync();
        }
        else
        {
            pool.Dispose();
        }
    }
}
