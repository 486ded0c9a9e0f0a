using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>Which writes are answered after a sync of the WAL, and which need none.</summary>
public sealed class GroupCommitOnPoolTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public GroupCommitOnPoolTests()
    {
        _pool = new SqlitePool(Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value)");
        connection.Run("insert into t(value) values (0)");
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    public static TheoryData<string> Writes =>
        [
            "autocommit",
            "autocommit async",
            "returning",
            "returning reader",
            "ddl",
            "user_version",
            "begin commit",
            "transaction",
            "transaction async",
            "outermost release",
            "WriteAsync",
            "writer lease",
            "ExecuteAsync",
            "ExecuteManyAsync",
            "queue",
            "driver",
        ];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Each_kind_of_write_is_durable_when_it_is_answered(string kind)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        long before = Synced(lease);
        await KindsOfWrite.Write(_pool, lease, kind);
        if (kind != "driver")
        {
            Assert.Equal(before + 1, Synced(lease));
            Assert.Equal(Synced(lease), Committed(lease));
        }
    }

    [Theory]
    [InlineData("select count(*) from t")]
    [InlineData("update t set value = 1 where id = -1")]
    [InlineData("begin immediate; commit")]
    [InlineData("begin immediate; insert into t(value) values (1); rollback")]
    [InlineData("create table if not exists t(id)")]
    public void What_writes_nothing_waits_for_no_sync(string sql)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        long before = Synced(lease);
        lease.Run(sql);
        Assert.Equal(before, Synced(lease));
        Assert.Equal(before, Committed(lease));
    }

    [Fact]
    public void It_is_off_unless_synchronous_is_full_in_WAL_mode_on_a_file_and_where_it_is_switched_off()
    {
        AssertMode("1", static _ => { });
        AssertMode("2", static options => options.GroupCommit = false);
        AssertMode("3", static options => options.Pragmas.Synchronous = SynchronousMode.Extra);
        AssertMode("2", static options => options.Pragmas.JournalMode = JournalMode.Delete);
        AssertMode("2", static options => options.ConnectionString += ";Group Commit=False");
        AssertMode(
            "2",
            static options => options.ConnectionOpened = connection => connection.Run("PRAGMA synchronous=FULL")
        );
        AssertMode("2", static options => options.ConnectionString = "Data Source=group;Mode=Memory;Cache=Shared");
    }

    [Theory]
    [InlineData("OFF", "0")]
    [InlineData("NORMAL", "1")]
    [InlineData("FULL", "2")]
    public void A_lease_that_sets_synchronous_itself_has_it_so_and_the_next_one_has_not(string mode, string reads)
    {
        using SqlitePool pool = new(Options(size: 1));
        using (SqlitePoolConnection lease = pool.Rent())
        {
            long before = Synced(lease);
            lease.Run($"PRAGMA synchronous={mode}");
            lease.Run("insert into t(value) values (1)");
            Assert.Equal(reads, lease.Ask("PRAGMA synchronous"));
            Assert.Equal(before, Synced(lease));
        }

        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal("1", next.Ask("PRAGMA synchronous"));
        long then = Synced(next);
        next.Run("insert into t(value) values (1)");
        Assert.Equal(then + 1, Synced(next));
    }

    [Fact]
    public async Task The_driver_s_object_syncs_its_own_commits()
    {
        using (SqlitePoolConnection lease = _pool.Rent())
        {
            Assert.Equal("2", lease.SqliteConnection.Ask("PRAGMA synchronous"));
        }

        await Limit.Until(() =>
        {
            using SqlitePoolConnection again = _pool.Rent();
            return again.Ask("PRAGMA synchronous") == "1";
        });
    }

    [Fact]
    public async Task A_sync_that_fails_is_told_with_the_write_in_the_database()
    {
        using TempDatabase database = new();
        using (SqliteConnection direct = database.OpenDirectly())
        {
            direct.Run("create table t(value)");
        }

        bool fails = true;
        WriteGate gate = WriteGate.ForFile(database.Path);
        gate.GroupCommitOf(
            database.Path,
            () =>
            {
                if (fails)
                {
                    throw new IOException("The disk is gone.");
                }
            }
        );
        SqlitePoolOptions options = database.Options();
        options.Pragmas.Synchronous = SynchronousMode.Full;
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();

        SqliteException failed = await Assert.ThrowsAsync<SqliteException>(() =>
            lease.CreateCommand("insert into t(value) values (7)").ExecuteNonQueryAsync()
        );

        Assert.Equal((10, 1034), (failed.SqliteErrorCode, failed.SqliteExtendedErrorCode));
        Assert.Contains("visible", failed.Message, StringComparison.Ordinal);
        Assert.Equal("1", lease.Ask("select count(*) from t where value = 7"));
        SqlitePoolHealth health = pool.GetHealth();
        Assert.Equal(SqlitePoolStatus.Critical, health.Status);
        Assert.Contains(
            health.Reasons,
            static reason => reason.Contains("refused to make commits durable", StringComparison.Ordinal)
        );

        fails = false;
        Assert.Equal(1, lease.Run("insert into t(value) values (8)"));
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
        Assert.Equal(1, pool.GetStatistics().SyncedCommits);
        GC.KeepAlive(gate);
    }

    [Fact]
    public async Task Exclusive_work_begins_after_the_sync_of_what_was_committed()
    {
        using TempDatabase database = new();
        using (SqliteConnection direct = database.OpenDirectly())
        {
            direct.Run("create table t(value)");
        }

        using ManualResetEventSlim syncing = new();
        using ManualResetEventSlim end = new();
        WriteGate gate = WriteGate.ForFile(database.Path);
        gate.GroupCommitOf(
            database.Path,
            () =>
            {
                syncing.Set();
                end.Pass();
            }
        );
        SqlitePoolOptions options = database.Options();
        options.Pragmas.Synchronous = SynchronousMode.Full;
        await using SqlitePool pool = new(options);
        Task write = Task.Run(() =>
            pool.WriteAsync(static async connection =>
                await connection.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync()
            )
        );
        syncing.Pass();

        bool isSynced = false;
        Task exclusive = pool.RunExclusiveAsync(_ =>
        {
            isSynced = end.IsSet;
            return Task.CompletedTask;
        });
        await Limit.Until(() => exclusive.IsCompleted || pool.GetStatistics() is { Open: 0, InUse: 0 });
        end.Set();
        await exclusive.Limited();
        await write.Limited();

        Assert.True(isSynced, "The work ran while a sync could open the -wal.");
        GC.KeepAlive(gate);
    }

    [Fact]
    public async Task A_WAL_that_is_deleted_and_made_anew_is_found_again()
    {
        for (int round = 0; round < 3; round++)
        {
            await _pool.ExecuteAsync($"insert into t(value) values (1)");
            await _pool.RunExclusiveAsync(_ =>
            {
                Assert.False(_database.Exists("-wal"));
                return Task.CompletedTask;
            });
            await _pool.ExecuteAsync($"insert into t(value) values (1)");
            await _pool.ClearAsync();
        }

        using SqlitePoolConnection lease = _pool.Rent();
        Assert.Equal(Committed(lease), Synced(lease));
    }

    private static void AssertMode(string reads, Action<SqlitePoolOptions> change)
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options();
        options.Pragmas.Synchronous = SynchronousMode.Full;
        change(options);
        using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        Assert.Equal(reads, lease.Ask("PRAGMA synchronous"));
    }

    private SqlitePoolOptions Options(int size = 10)
    {
        SqlitePoolOptions options = _database.Options(size);
        options.Pragmas.Synchronous = SynchronousMode.Full;
        return options;
    }

    private long Synced(SqlitePoolConnection lease) => Group(lease).Synced;

    private long Committed(SqlitePoolConnection lease) => Group(lease).Committed;

    private GroupCommit Group(SqlitePoolConnection lease) => lease.Physical.Gate.GroupCommitOf(_database.Path);
}
