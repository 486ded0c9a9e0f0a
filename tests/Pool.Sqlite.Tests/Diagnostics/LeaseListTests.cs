using System.Data.Common;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>What <see cref="SqlitePool.GetLeases"/> says of each.</summary>
public sealed class LeaseListTests : DiagnosticsTest
{
    [Fact]
    public async Task It_lists_what_is_out_the_longest_first()
    {
        await using SqlitePool pool = Pool();
        Assert.Empty(pool.GetLeases());
        SqlitePoolConnection first = await pool.RentAsync();
        Time.Advance(TimeSpan.FromSeconds(10));
        using SqlitePoolConnection second = await pool.RentReaderAsync();
        Time.Advance(TimeSpan.FromSeconds(10));
        using SqlitePoolConnection third = await pool.RentWriterAsync();

        IReadOnlyList<SqlitePoolLease> leases = pool.GetLeases();

        Assert.Equal([first.LeaseId, second.LeaseId, third.LeaseId], leases.Select(lease => lease.LeaseId));
        Assert.Equal(
            [SqlitePoolConnectionRole.ReadWrite, SqlitePoolConnectionRole.Reader, SqlitePoolConnectionRole.Writer],
            leases.Select(lease => lease.Role)
        );
        Assert.Equal([false, false, true], leases.Select(lease => lease.HoldsWriteGate));
        Assert.InRange(leases[0].Age.TotalSeconds, 19, 20);
        Assert.InRange(leases[1].Age.TotalSeconds, 9, 10);
        Assert.All(leases, lease => Assert.Null(lease.Sql));
        first.Dispose();
        Assert.Equal(2, pool.GetLeases().Count);
    }

    [Fact]
    public async Task The_time_before_it_was_rented_is_not_its_age()
    {
        await using SqlitePool pool = Pool();
        (await pool.RentAsync()).Dispose();
        Time.Advance(TimeSpan.FromSeconds(100));
        using SqlitePoolConnection lease = await pool.RentAsync();

        Assert.Equal(TimeSpan.Zero, Assert.Single(pool.GetLeases()).Age);
        Time.Advance(TimeSpan.FromSeconds(0.3));
        Assert.Equal(TimeSpan.FromSeconds(0.3), Assert.Single(pool.GetLeases()).Age);
    }

    [Fact]
    public async Task With_a_leak_threshold_the_age_is_exact()
    {
        await using SqlitePool pool = Pool(more: options => options.LeakThreshold = TimeSpan.FromHours(1));
        using SqlitePoolConnection lease = await pool.RentAsync();
        Time.Advance(TimeSpan.FromMilliseconds(1234));

        Assert.Equal(TimeSpan.FromMilliseconds(1234), Assert.Single(pool.GetLeases()).Age);
    }

    [Fact]
    public async Task A_connection_that_was_a_reader_before_is_not_called_one()
    {
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        (await pool.RentReaderAsync()).Dispose();
        using SqlitePoolConnection lease = await pool.RentAsync();

        Assert.Equal(SqlitePoolConnectionRole.ReadWrite, Assert.Single(pool.GetLeases()).Role);
    }

    [Fact]
    public async Task It_shows_the_SQL_whose_rows_are_being_read_until_the_reader_closes()
    {
        await using SqlitePool pool = Pool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        using SqlitePoolCommand command = lease.CreateCommand("select $secret union all select 2");
        command.Parameters.AddWithValue("$secret", "hunter2");
        DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        SqlitePoolLease reading = Assert.Single(pool.GetLeases());

        reader.Dispose();

        Assert.Equal("select $secret union all select 2", reading.Sql);
        Assert.Equal(TimeSpan.Zero, reading.SnapshotAge);
        Assert.Null(Assert.Single(pool.GetLeases()).Sql);
        Assert.Null(Assert.Single(pool.GetLeases()).SnapshotAge);
    }

    [Fact]
    public async Task It_shows_a_statement_while_that_runs()
    {
        using ManualResetEventSlim running = new();
        using ManualResetEventSlim goOn = new();
        await using SqlitePool pool = Pool(more: options =>
            options.ConnectionOpened = connection =>
                connection.CreateFunction(
                    "pause",
                    () =>
                    {
                        running.Set();
                        goOn.Pass();
                        return 1;
                    }
                )
        );
        using SqlitePoolConnection lease = await pool.RentAsync();
        Task<string?> asking = Limit.OnThread(() => lease.Ask("select pause()"));
        running.Pass();

        string? sql = Assert.Single(pool.GetLeases()).Sql;

        goOn.Set();
        Assert.Equal("1", await asking.Limited());
        Assert.Equal("select pause()", sql);
        Assert.Null(Assert.Single(pool.GetLeases()).Sql);
    }

    [Fact]
    public async Task It_shows_since_when_a_lease_reads_from_one_state_of_the_database()
    {
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value int)");
        using SqlitePoolConnection lease = await pool.RentAsync();
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(Assert.Single(pool.GetLeases()).SnapshotAge);

        SqlitePoolTransaction transaction = lease.BeginTransaction(deferred: true);
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.InRange(Assert.Single(pool.GetLeases()).SnapshotAge!.Value.TotalSeconds, 9, 10);
        transaction.Commit();
        Assert.Null(Assert.Single(pool.GetLeases()).SnapshotAge);

        lease.Run("begin");
        Assert.Equal(TimeSpan.Zero, Assert.Single(pool.GetLeases()).SnapshotAge);
        lease.Run("rollback");
        Assert.Null(Assert.Single(pool.GetLeases()).SnapshotAge);
    }

    [Fact]
    public async Task A_writer_that_still_waits_for_the_gate_is_no_lease()
    {
        await using SqlitePool pool = Pool();
        using SqlitePoolConnection holder = await pool.RentAsync();
        holder.Run("create table t(value int)");
        SqlitePoolTransaction transaction = await holder.BeginTransactionAsync();
        Task<SqlitePoolConnection> writer = OtherFlow.Run(() => pool.RentWriterAsync().AsTask());

        // Its connection is opened on another thread first.
        await Limit.Until(() => pool.GetStatistics().WriteGateWaiting == 1);
        Assert.False(writer.IsCompleted);

        Assert.Equal(holder.LeaseId, Assert.Single(pool.GetLeases()).LeaseId);
        Assert.True(Assert.Single(pool.GetLeases()).HoldsWriteGate);

        transaction.Rollback();
        using SqlitePoolConnection lease = await writer.Limited();
        Assert.Equal(2, pool.GetLeases().Count);
    }

    [Fact]
    public async Task Those_who_look_while_others_work_disturb_nobody()
    {
        await using SqlitePool pool = new(Database.Options(size: 3, overflow: 0));
        await pool.ExecuteAsync($"create table t(value int)");
        using CancellationTokenSource done = new();
        Task looking = Limit.OnThread(() =>
        {
            while (!done.IsCancellationRequested)
            {
                Assert.All(pool.GetLeases(), lease => Assert.True(lease.Age >= TimeSpan.Zero));
                pool.GetHealth();
            }
        });
        await Task.WhenAll(
                Enumerable
                    .Range(0, 4)
                    .Select(_ =>
                        Limit.OnThread(() =>
                        {
                            for (int i = 0; i < 200; i++)
                            {
                                using SqlitePoolConnection lease = i % 3 == 0 ? pool.RentReader() : pool.Rent();
                                lease.Ask("select count(*) from t");
                                if (i % 3 == 1)
                                {
                                    lease.Run("insert into t values (1)");
                                }
                            }
                        })
                    )
            )
            .Limited();
        await done.CancelAsync();
        await looking.Limited();
    }
}
