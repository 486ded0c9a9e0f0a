using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Pool.Sqlite.Tests.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>
/// One connection object that several threads open and close: wrong use, which must stay the caller's own problem.
/// </summary>
public sealed class OpenMeetsCloseTests
{
    [Fact]
    public async Task Threads_that_open_and_close_one_connection_never_lend_one_handle_twice()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options(size: 3, overflow: 1);
        SqlitePool pool = new(options);
        SqlitePoolConnection shared = pool.CreateConnection();
        ConcurrentDictionary<nint, int> holders = new();
        ConcurrentQueue<string> faults = new();
        int running = 4;
        Task[] openers = [.. Enumerable.Range(0, 4).Select(_ => Limit.OnThread(OpenAndClose))];
        Task[] renters = [.. Enumerable.Range(0, 2).Select(_ => Limit.OnThread(Rent))];
        await Task.WhenAll(openers).WaitAsync(TimeSpan.FromMinutes(2));
        await Task.WhenAll(renters).WaitAsync(TimeSpan.FromMinutes(2));

        shared.Close();
        Assert.Empty(faults);
        SqlitePoolStatistics now = pool.GetStatistics();
        Assert.Equal((0, 0), (now.InUse, now.Waiting));
        Assert.InRange(now.Open, 1, 4);
        SqlitePoolConnection[] all = [.. Enumerable.Range(0, 4).Select(_ => pool.Rent())];
        Assert.Equal(4, all.Select(static lease => Handle(lease)).Distinct().Count());
        Assert.Equal(4, pool.GetStatistics().InUse);
        Array.ForEach(all, static lease => lease.Dispose());
        await pool.DisposeAsync().AsTask().Limited();
        Assert.Equal(0, pool.GetStatistics().Open);

        void OpenAndClose()
        {
            for (int i = 0; i < 20_000; i++)
            {
                try
                {
                    shared.Open();
                    if (i % 8 == 0)
                    {
                        shared.Ask("select 1");
                    }

                    shared.Close();
                }
                catch (InvalidOperationException) { }
            }

            Interlocked.Decrement(ref running);
        }

        void Rent()
        {
            while (Volatile.Read(ref running) > 0)
            {
                using SqlitePoolConnection lease = pool.Rent();
                nint handle = Handle(lease);
                if (!holders.TryAdd(handle, 1))
                {
                    faults.Enqueue($"Handle {handle} was lent twice.");
                }
                else
                {
                    Thread.Yield();
                    holders.TryRemove(handle, out _);
                }
            }
        }
    }

    [Fact]
    public async Task An_open_while_the_return_is_under_way_is_refused_and_nothing_is_lost()
    {
        using TempDatabase database = new();
        Latch latch = new();
        SqlitePoolOptions options = database.Options(size: 1, overflow: 0);
        options.Returning = _ =>
        {
            latch.Pass();
            return true;
        };
        await using SqlitePool pool = new(options);
        SqlitePoolConnection connection = pool.CreateConnection();
        connection.Open();
        Task closing = Limit.OnThread(connection.Close);
        await latch.Reached;

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(connection.Open);
        Assert.Contains("opened or closed at this moment", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => connection.ConnectionString = "");
        Assert.Equal(ConnectionState.Closed, connection.State);
        connection.Close();
        latch.Open();
        await closing.Limited();

        connection.Open();
        connection.Close();
        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task The_connection_string_cannot_change_while_the_connection_is_being_opened()
    {
        using TempDatabase database = new();
        Latch latch = new();
        SqlitePoolOptions options = database.Options(size: 1, overflow: 0);
        options.ConnectionOpened = _ => latch.Pass();
        await using SqlitePool pool = new(options);
        SqlitePoolConnection connection = pool.CreateConnection();
        Task opening = Limit.OnThread(connection.Open);
        await latch.Reached;

        Assert.Throws<InvalidOperationException>(() => connection.ConnectionString = "Data Source=other.db");
        Assert.Throws<InvalidOperationException>(() => connection.ConnectionString = null);
        latch.Open();
        await opening.Limited();

        Assert.Throws<InvalidOperationException>(() => connection.ConnectionString = null);
        connection.Close();
        Assert.Equal(0, pool.GetStatistics().InUse);
        connection.ConnectionString = null;
    }

    [Fact]
    public async Task A_connection_that_is_disposed_while_it_is_opened_comes_back()
    {
        using TempDatabase database = new();
        Latch latch = new();
        SqlitePoolOptions options = database.Options(size: 1, overflow: 0);
        options.ConnectionOpened = _ => latch.Pass();
        await using SqlitePool pool = new(options);
        SqlitePoolConnection connection = pool.CreateConnection();
        Task opening = Limit.OnThread(connection.Open);
        await latch.Reached;
        connection.Dispose();
        latch.Open();

        await Assert.ThrowsAsync<ObjectDisposedException>(opening.Limited);
        Assert.Equal(0, pool.GetStatistics().InUse);
        pool.Rent().Dispose();
    }

    [Fact]
    public void A_reader_that_closes_its_connection_leaves_the_next_lease_of_that_connection_open()
    {
        using TempDatabase database = new();
        using SqlitePool pool = database.OneConnection();
        using SqlitePoolConnection connection = pool.CreateConnection();
        connection.Open();
        DbDataReader old = connection
            .CreateCommand("select 1 union all select 2")
            .ExecuteReader(CommandBehavior.CloseConnection);
        connection.Close();
        connection.Open();

        old.Close();

        Assert.Equal(ConnectionState.Open, connection.State);
        DbDataReader reader = connection.CreateCommand("select 1").ExecuteReader(CommandBehavior.CloseConnection);
        reader.Close();
        Assert.Equal(ConnectionState.Closed, connection.State);
        reader.Close();
    }

    [Fact]
    public async Task A_commit_that_meets_the_end_of_its_lease_does_not_commit_what_the_next_one_has_done()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = database.OneConnection();
        using (SqlitePoolConnection setup = pool.Rent())
        {
            setup.Run("create table t(value int)");
        }

        using SqlitePoolConnection connection = pool.CreateConnection();
        for (int i = 0; i < 300; i++)
        {
            connection.Open();
            SqlitePoolTransaction old = connection.BeginTransaction();
            using Barrier barrier = new(2);
            Task commit = Limit.OnThread(() =>
            {
                barrier.SignalAndWait();
                try
                {
                    old.Commit();
                }
                catch (InvalidOperationException) { }
            });
            barrier.SignalAndWait();
            try
            {
                connection.Close();
                connection.Open();
                using SqlitePoolTransaction own = connection.BeginTransaction();
                connection.Run("insert into t values (1)");
                own.Rollback();
            }
            catch (InvalidOperationException) { }

            await commit.Limited();
            connection.Close();
        }

        using SqlitePoolConnection check = pool.Rent();
        Assert.Equal("0", check.Ask("select count(*) from t"));
    }

    private static nint Handle(SqlitePoolConnection lease) => lease.Physical.Handle.DangerousGetHandle();
}
