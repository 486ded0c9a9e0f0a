using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>What the meter says, heard with the listener of .NET.</summary>
[Collection(nameof(MeterCollector))]
public sealed class MeterTests : DiagnosticsTest
{
    [Fact]
    public async Task Everything_has_its_name_its_unit_and_the_name_of_the_pool()
    {
        using MeterCollector ear = new(Name);
        await using SqlitePool pool = Pool(size: 2, overflow: 1, options => options.MinIdle = 1);
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run("create table t(value int)");
        }

        await pool.ExecuteManyAsync(
            "insert into t values ($value)",
            [
                [1],
                [2],
                [3],
            ]
        );
        SqlitePoolConnection[] all = [pool.Rent(), pool.Rent(), pool.Rent()];
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Task<int> write = WriteBehind(pool);
        ear.Look();

        Assert.Equal(3, ear.Last("db.client.connection.count", "used"));
        Assert.Equal(0, ear.Last("db.client.connection.count", "idle"));
        Assert.Equal(3, ear.Last("db.client.connection.max"));
        Assert.Equal(2, ear.Last("db.client.connection.idle.max"));
        Assert.Equal(1, ear.Last("db.client.connection.idle.min"));
        Assert.Equal(1, ear.Last("db.client.connection.pending_requests"));
        Assert.Equal(0, ear.Last("db.client.connection.timeouts"));
        Assert.Equal(pool.GetStatistics().Hits, ear.Last("pool.sqlite.hits"));
        Assert.Equal(3, ear.Last("pool.sqlite.misses"));
        Assert.Equal(0, ear.Last("pool.sqlite.leaks"));
        Assert.Equal(0, ear.Last("pool.sqlite.recycled"));
        Assert.Equal(0, ear.Last("pool.sqlite.open_failures"));
        Assert.Equal(pool.GetStatistics().StatementHits, ear.Last("pool.sqlite.statement.hits"));
        Assert.Equal(pool.GetStatistics().StatementMisses, ear.Last("pool.sqlite.statement.misses"));
        Assert.Equal(new FileInfo(Database.Path + "-wal").Length, ear.Last("pool.sqlite.wal.size"));
        Assert.Equal(1, ear.Last("pool.sqlite.write_gate.pending_requests"));
        Assert.Equal([3], ear.All("pool.sqlite.write.batch_size"));
        Assert.Single(ear.All("pool.sqlite.write.commit_time"));

        Time.Advance(TimeSpan.FromSeconds(2));
        all[0].Dispose();
        (await waiting.Limited()).Dispose();
        await write.Limited();
        Assert.Equal([2], ear.All("db.client.connection.wait_time"));
        Assert.Equal([2], ear.All("pool.sqlite.write_gate.wait_time"));
        Assert.Contains(2, ear.All("db.client.connection.use_time"));
        Assert.All(ear.All("db.client.connection.create_time"), time => Assert.Equal(0, time));
        Assert.Equal("s", ear.UnitOf("db.client.connection.use_time"));
        Assert.Equal("By", ear.UnitOf("pool.sqlite.wal.size"));
        Assert.Equal("{connection}", ear.UnitOf("db.client.connection.count"));
        all[1].Dispose();
        all[2].Dispose();
    }

    [Fact]
    public async Task A_rent_that_is_refused_counts_as_a_timeout_and_as_a_wait()
    {
        using MeterCollector ear = new(Name);
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        using SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> refused = Waiting(pool);

        Time.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => refused.Limited());
        ear.Look();
        Assert.Equal(1, ear.Last("db.client.connection.timeouts"));
        Assert.Equal([30], ear.All("db.client.connection.wait_time"));
    }

    [Fact]
    public async Task Who_begins_to_listen_hears_the_time_of_use_from_the_next_round_of_the_housekeeper_on()
    {
        await using SqlitePool pool = Pool();
        SqlitePoolConnection before = await pool.RentAsync();
        using MeterCollector ear = new(Name);
        Time.Advance(TimeSpan.FromSeconds(1));
        SqlitePoolConnection after = await pool.RentAsync();
        Time.Advance(TimeSpan.FromSeconds(4));

        before.Dispose();
        after.Dispose();

        Assert.Equal([4], ear.All("db.client.connection.use_time"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rent_and_return_allocates_the_lease_alone_whether_somebody_listens_or_not(bool listens)
    {
        const int Rents = 1_000;
        using MeterCollector? ear = listens ? new MeterCollector("another pool") : null;
        using SqlitePool pool = Pool();
        pool.Rent().Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < Rents; i++)
        {
            pool.Rent().Dispose();
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Rents, 1, 80);
    }

    [Fact]
    public async Task Once_nobody_listens_a_rent_is_not_noted_any_more_and_an_old_note_says_nothing_of_a_new_lease()
    {
        using (MeterCollector ear = new(Name))
        {
            await using SqlitePool heard = Pool(size: 1);
            heard.Rent().Dispose();
            Assert.Single(ear.All("db.client.connection.use_time"));
        }

        // Another test may be listening now, which is then heard here as well; the age is right in either case.
        await using SqlitePool pool = Pool(size: 1);
        pool.Rent().Dispose();
        Time.Advance(TimeSpan.FromSeconds(100));
        using SqlitePoolConnection lease = pool.Rent();
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.InRange(Assert.Single(pool.GetLeases()).Age, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_closed_pool_is_not_reported()
    {
        using MeterCollector ear = new(Name);
        await using (SqlitePool pool = Pool())
        {
            pool.Rent().Dispose();
        }

        ear.Look();

        Assert.Empty(ear.All("db.client.connection.max"));
    }

    [Fact]
    public async Task A_forgotten_pool_is_collected_although_somebody_listens()
    {
        using MeterCollector ear = new(Name);
        WeakReference pool = Forget();

        await Limit.Until(() =>
        {
            ear.Look();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !pool.IsAlive;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Forget()
    {
        SqlitePool pool = Pool();
        pool.Rent().Dispose();
        return new WeakReference(pool);
    }

    // The writer waits while another writer lease is out.
    private static async Task<int> WriteBehind(SqlitePool pool)
    {
        SqlitePoolConnection writer = await pool.RentWriterAsync();
        Task<SqlitePoolConnection> next = OtherFlow.Run(() => pool.RentWriterAsync().AsTask());
        Assert.False(next.IsCompleted);
        _ = GiveBack();
        using SqlitePoolConnection second = await next;
        return 0;

        async Task GiveBack()
        {
            await Limit.Until(() => pool.GetStatistics().Waiting == 0);
            writer.Dispose();
        }
    }
}
