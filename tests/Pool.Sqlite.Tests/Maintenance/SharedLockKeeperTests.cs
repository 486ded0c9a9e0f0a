using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>
/// While there is much to read and nobody writes, the pool keeps SQLite's lock for reading. What another process sees
/// of it: what it writes meanwhile cannot be moved out of the WAL.
/// </summary>
public sealed class SharedLockKeeperTests : IDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly TempDatabase _database = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePool _pool;
    private readonly SqliteConnection _other;

    public SharedLockKeeperTests()
    {
        SqlitePoolOptions options = _database.Options();
        options.RentTimeout = Timeout.InfiniteTimeSpan;
        _pool = new SqlitePool(options, timeProvider: _time);
        _pool.ExecuteAsync($"create table t(value)").GetAwaiter().GetResult();
        _other = _database.OpenDirectly();
        BusyRound();
    }

    public void Dispose()
    {
        _other.Dispose();
        _pool.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void It_is_kept_while_there_is_much_to_read_and_nothing_is_written()
    {
        BusyRound();
        Assert.True(IsKept());
    }

    [Fact]
    public void It_is_not_kept_while_there_is_little_to_read()
    {
        _time.Advance(Round);
        Assert.False(IsKept());
    }

    [Fact]
    public void It_is_not_kept_while_the_pool_writes()
    {
        Write();
        BusyRound();
        Assert.False(IsKept());
    }

    [Fact]
    public void It_is_let_go_before_the_next_write()
    {
        BusyRound();
        Write();
        Assert.False(IsKept());
    }

    [Fact]
    public async Task It_is_let_go_before_a_write_that_waited_for_its_turn()
    {
        using SqlitePoolConnection holder = _pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        BusyRound();
        BusyRound();
        Task<int> waits = OtherFlow.Run(() => _pool.ExecuteAsync($"insert into t values (1)"));
        transaction.Commit();
        await waits.Limited();
        Assert.False(IsKept());
    }

    [Fact]
    public void It_is_let_go_when_there_is_little_to_read_any_more()
    {
        BusyRound();
        _time.Advance(Round);
        Assert.False(IsKept());
    }

    [Fact]
    public void Another_process_that_writes_meets_it_for_one_round_at_the_most_and_then_not_for_a_minute()
    {
        BusyRound();
        Assert.True(IsKept());
        for (int i = 0; i < 59; i++)
        {
            BusyRound();
            Assert.False(IsKept());
        }
    }

    [Fact]
    public void What_another_process_writes_is_seen_at_once()
    {
        BusyRound();
        _other.Run("insert into t values ('by another')");
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("by another", connection.Ask("select value from t"));
    }

    [Fact]
    public async Task It_is_not_in_the_way_of_a_checkpoint_of_the_pool()
    {
        BusyRound();
        CheckpointResult result = await _pool.CheckpointAsync(CheckpointMode.Truncate);
        Assert.True(result.Completed);
    }

    [Fact]
    public void It_is_not_in_the_way_of_another_process_that_cuts_the_WAL()
    {
        BusyRound();
        Assert.Equal(
            raw.SQLITE_OK,
            raw.sqlite3_wal_checkpoint_v2(_other.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _)
        );
    }

    [Fact]
    public async Task It_leaves_no_handle_for_exclusive_work_nor_after_a_clear()
    {
        BusyRound();
        _other.Dispose();
        await _pool.RunExclusiveAsync(_ =>
        {
            _time.Advance(Round);
            Assert.Empty(_database.OpenFiles());
            return Task.CompletedTask;
        });
        BusyRound();
        BusyRound();
        await _pool.ClearAsync();
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public async Task It_leaves_no_file_and_no_WAL_when_the_pool_is_closed()
    {
        BusyRound();
        _other.Dispose();
        await _pool.DisposeAsync();
        Assert.Empty(_database.OpenFiles());
        Assert.False(_database.Exists("-wal"));
    }

    [Fact]
    public async Task Two_pools_on_one_file_do_not_disturb_each_other()
    {
        using SqlitePool second = new(_database.Options(), timeProvider: _time);
        for (int i = 0; i < 5; i++)
        {
            Read(second);
            BusyRound();
        }

        Assert.True(IsKept());
        Read(second);
        BusyRound();
        await second.ExecuteAsync($"insert into t values (1)");
        Assert.False(IsKept());
    }

    [Fact]
    public async Task Writes_and_rounds_at_the_same_time_get_along()
    {
        Task<int>[] writes =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Limit.OnThread(() =>
                    {
                        for (int i = 0; i < 200; i++)
                        {
                            Write();
                        }

                        return 0;
                    })
                ),
        ];
        while (writes.Any(static write => !write.IsCompleted))
        {
            BusyRound();
        }

        await Task.WhenAll(writes).Limited();
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("800", connection.Ask("select count(*) from t"));
        BusyRound();
        BusyRound();
        Assert.True(IsKept());
    }

    /// <summary>A write past the pool, and whether what it wrote can be moved.</summary>
    private bool IsKept()
    {
        _other.Run("insert into t values ('kept?')");
        _ = raw.sqlite3_wal_checkpoint_v2(
            _other.Handle,
            "main",
            raw.SQLITE_CHECKPOINT_PASSIVE,
            out int frames,
            out int moved
        );
        Assert.NotEqual(0, frames);
        return moved < frames;
    }

    private void Write() => _pool.ExecuteAsync($"insert into t values (1)").GetAwaiter().GetResult();

    private void BusyRound()
    {
        Read(_pool);
        _time.Advance(Round);
    }

    private static void Read(SqlitePool pool)
    {
        for (int i = 0; i < 1_000; i++)
        {
            pool.Rent().Dispose();
        }
    }
}
