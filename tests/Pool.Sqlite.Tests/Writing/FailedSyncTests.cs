using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>
/// A disk that refuses the sync of group commit, and its recovery. The database is real, its sync is the test's.
/// </summary>
public sealed class FailedSyncTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();
    private readonly WriteGate _gate;
    private readonly SqlitePool _pool;
    private Action _sync = static () => { };

    public FailedSyncTests()
    {
        using (SqliteConnection direct = _database.OpenDirectly())
        {
            direct.Run("create table t(id integer primary key, value)");
        }

        _gate = WriteGate.ForFile(_database.Path);
        _gate.GroupCommitOf(_database.Path, () => _sync());
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.Synchronous = SynchronousMode.Full;
        _pool = new SqlitePool(options, _log);
    }

    public static TheoryData<string> Writes =>
        [
            "autocommit",
            "autocommit async",
            "returning",
            "ddl",
            "begin commit",
            "transaction async",
            "outermost release",
            "WriteAsync",
            "ExecuteAsync",
            "ExecuteManyAsync",
            "queue",
        ];

    public void Dispose()
    {
        _pool.Dispose();
        _log.Dispose();
        _database.Dispose();
        GC.KeepAlive(_gate);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Each_kind_of_write_is_told_what_is_known_and_the_next_one_succeeds(string kind)
    {
        Fail();
        SqliteException told = await Assert.ThrowsAsync<SqliteException>(() => Write(kind).Limited());
        AssertTold(told);
        Assert.Equal("1", Count());
        Assert.Equal(0, _pool.GetStatistics().InUse);

        Recover();
        await _pool.ExecuteAsync($"insert into t(value) values ('after')").Limited();
        Assert.Equal("2", Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_that_is_not_opened_leaves_nothing_open(bool async)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using SqlitePoolCommand command = lease.CreateCommand(
            "insert into t(value) values (1) returning value; select value from t"
        );
        Fail();
        AssertTold(
            async
                ? await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteReaderAsync().Limited())
                : Assert.Throws<SqliteException>(() => command.ExecuteReader())
        );
        Assert.Equal(0, lease.Physical.OpenStatements.Count);
        Recover();
        lease.Run("vacuum");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_log_tells_the_command_as_failed(bool async)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using SqlitePoolCommand command = lease.CreateCommand("insert into t(value) values (1)");
        Fail();
        AssertTold(
            async
                ? await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteNonQueryAsync().Limited())
                : Assert.Throws<SqliteException>(() => command.ExecuteNonQuery())
        );
        LogEntry told = Assert.Single(_log.Entries, static entry => entry.Category == "Pool.Sqlite.Command");
        Assert.Contains("failed", told.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_a_sync_was_to_answer_are_told_and_none_of_them_is_left_waiting()
    {
        Fail();
        Task[] writes =
        [
            .. Enumerable
                .Range(0, 16)
                .Select(i => Task.Run(() => _pool.ExecuteAsync($"insert into t(value) values ({i})"))),
            .. Enumerable.Range(0, 4).Select(i => _pool.Writes.ExecuteAsync($"insert into t(value) values ({i})")),
        ];
        int durable = 0;
        foreach (Task write in writes)
        {
            if (await Record.ExceptionAsync(() => write.Limited()) is { } failure)
            {
                AssertTold(Assert.IsType<SqliteException>(failure));
            }
            else
            {
                durable++;
            }
        }

        // The checkpoint that follows a failed sync has moved those that were not told, where another was reading.
        Assert.InRange(durable, 0, 19);
        Assert.InRange(long.Parse(CountInFileAlone()!, CultureInfo.InvariantCulture), durable, 20);
        Assert.Equal("20", Count());
        Assert.Equal((0, 0), (_pool.GetStatistics().InUse, _pool.GetStatistics().WriteGateWaiting));
        Recover();

        // The WAL begins anew with the first write after it that no reader is in the way of: so with one alone.
        await _pool.ExecuteAsync($"insert into t(value) values ('after')").Limited();
        await Task.WhenAll(
                Enumerable.Range(0, 16).Select(i => _pool.ExecuteAsync($"insert into t(value) values ({i})"))
            )
            .Limited();
    }

    [Fact]
    public async Task Health_is_critical_with_the_reason_until_a_later_sync_succeeds_and_failures_are_counted()
    {
        Fail();
        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<SqliteException>(() => _pool.ExecuteAsync($"insert into t(value) values (1)"));
            SqlitePoolHealth health = _pool.GetHealth();
            Assert.Equal(SqlitePoolStatus.Critical, health.Status);
            Assert.Contains(
                health.Reasons,
                static reason => reason.Contains("The disk is gone.", StringComparison.Ordinal)
            );
        }

        Assert.Equal((0L, 2L), (_pool.GetStatistics().SyncedCommits, _pool.GetStatistics().SyncFailures));
        Recover();
        await _pool.ExecuteAsync($"insert into t(value) values (1)");
        Assert.Equal(SqlitePoolStatus.Healthy, _pool.GetHealth().Status);
        Assert.Equal((1L, 2L), (_pool.GetStatistics().SyncedCommits, _pool.GetStatistics().SyncFailures));
    }

    [Fact]
    public async Task A_sync_that_succeeds_is_not_believed_while_a_reader_keeps_the_WAL_that_may_have_a_hole()
    {
        using SqlitePoolConnection reader = await _pool.RentReaderAsync();
        Assert.Equal("0", reader.Ask("select count(*) from t"));
        Fail();
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteAsync($"insert into t(value) values (1)").Limited()
        );
        Recover();

        SqliteException told = await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteAsync($"insert into t(value) values (2)").Limited()
        );

        AssertTold(told);
        Assert.Contains("An earlier sync failed", told.Message, StringComparison.Ordinal);
        Assert.Equal(SqlitePoolStatus.Critical, _pool.GetHealth().Status);
        reader.Dispose();
        await _pool.ExecuteAsync($"insert into t(value) values (3)").Limited();
        Assert.Equal(SqlitePoolStatus.Healthy, _pool.GetHealth().Status);
        Assert.Equal("3", Count());
    }

    [Fact]
    public async Task A_commit_that_a_checkpoint_has_moved_is_durable_though_readers_keep_the_WAL_from_beginning_anew()
    {
        Assert.Equal("0", Count());
        using SqliteConnection one = _database.OpenDirectly();
        using SqliteConnection other = _database.OpenDirectly();
        (SqliteConnection reads, SqliteConnection next) = (one, other);
        reads.Run("begin");
        Assert.Equal("0", reads.Ask("select count(*) from t"));
        Fail();
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteAsync($"insert into t(value) values (0)").Limited()
        );
        Recover();

        // While the writer tries to move its commit, a reader begins that sees it, and the one that does not see it
        // ends: all can be moved then. Where this thread comes too late for that, the write fails as before.
        int tries = 0;
        for (bool isStored = false; !isStored; )
        {
            string stored = $"{++tries + 1}";
            Task write = Task.Run(() => _pool.ExecuteAsync($"insert into t(value) values ({tries})"));
            await Limit.Until(() => next.Ask("select count(*) from t") == stored);
            next.Run("begin");
            Assert.Equal(stored, next.Ask("select count(*) from t"));
            reads.Run("commit");
            (reads, next) = (next, reads);
            isStored = await Record.ExceptionAsync(() => write.Limited()) is null;
            Assert.True(isStored || tries < 50, "It was never in time.");
        }

        Assert.True(_gate.GroupCommitOf(_database.Path).Wal!.IsSuspect);
        Assert.Equal($"{tries + 1}", CountInFileAlone());
    }

    [Fact]
    public async Task What_was_committed_while_a_sync_was_failing_comes_behind_it_and_is_told_as_well()
    {
        using SemaphoreSlim begun = new(0);
        using SemaphoreSlim goesOn = new(0);
        _sync = () =>
        {
            begun.Release();
            Assert.True(goesOn.Wait(Limit.Length));
            throw new IOException("The disk is gone.");
        };
        Task first = Task.Run(() => _pool.ExecuteAsync($"insert into t(value) values (1)"));
        Assert.True(await begun.WaitAsync(Limit.Length));
        long committed = Committed;
        Task second = Task.Run(() => _pool.ExecuteAsync($"insert into t(value) values (2)"));
        await Limit.Until(() => Committed == committed + 1);
        Recover();
        goesOn.Release();
        AssertTold(await Assert.ThrowsAsync<SqliteException>(() => first.Limited()));
        AssertTold(await Assert.ThrowsAsync<SqliteException>(() => second.Limited()));
    }

    [Fact]
    public async Task An_item_that_failed_by_itself_is_told_so_and_the_log_does_not_say_that_nothing_was_written()
    {
        Fail();
        using ManualResetEventSlim go = new();
        Task blocker = _pool.Writes.EnqueueAsync(_ => go.Pass());
        Task good = _pool.Writes.ExecuteAsync($"insert into t(id) values (1)");
        Task bad = _pool.Writes.EnqueueAsync(static _ => throw new FormatException("no number"));
        go.Set();

        AssertTold(await Assert.ThrowsAsync<SqliteException>(() => good.Limited()));
        await Assert.ThrowsAsync<FormatException>(() => bad.Limited());
        await Task.WhenAny(blocker).Limited();
        Assert.Contains(_log.Entries, static entry => entry.Id == 35);
        Assert.DoesNotContain(_log.Entries, static entry => entry.Id == 33);
        Assert.Equal("1", Count());
    }

    [Fact]
    public async Task Closing_waits_for_a_sync_that_is_going_on()
    {
        using SemaphoreSlim begun = new(0);
        using SemaphoreSlim goesOn = new(0);
        _sync = () =>
        {
            begun.Release();
            Assert.True(goesOn.Wait(Limit.Length));
        };
        Task write = Task.Run(() =>
            _pool.WriteAsync(static connection =>
                connection.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync()
            )
        );
        Assert.True(await begun.WaitAsync(Limit.Length));
        long committed = Committed;
        Task queued = _pool.Writes.ExecuteAsync($"insert into t(value) values (2)");
        await Limit.Until(() => Committed == committed + 1);
        Task closed = Task.Run(() => _pool.DisposeAsync().AsTask());
        await Limit.Until(() => _pool.GetHealth().Status == SqlitePoolStatus.Critical);
        Assert.False(closed.IsCompleted || write.IsCompleted || queued.IsCompleted);
        goesOn.Release(100);
        await Task.WhenAll(write, queued, closed).Limited();
        using SqliteConnection direct = _database.OpenDirectly();
        Assert.Equal("2", direct.Ask("select count(*) from t"));
    }

    // Copied by another process: closing the file in this one would drop SQLite's locks.
    private string? CountInFileAlone()
    {
        string copy = _database.In("copy.db");
        if (OperatingSystem.IsWindows())
        {
            File.Copy(_database.Path, copy);
        }
        else
        {
            using Process process = Process.Start("cp", [_database.Path, copy]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        using SqliteConnection direct = new($"Data Source={copy};Pooling=False");
        direct.Open();
        return direct.Ask("select count(*) from t");
    }

    private long Committed => _gate.GroupCommitOf(_database.Path).Committed;

    private void Fail() => _sync = static () => throw new IOException("The disk is gone.");

    private void Recover() => _sync = static () => { };

    private static void AssertTold(SqliteException told)
    {
        Assert.Equal((10, 1034), (told.SqliteErrorCode, told.SqliteExtendedErrorCode));
        Assert.Contains("visible", told.Message, StringComparison.Ordinal);
        Assert.Contains("may not survive a power failure", told.Message, StringComparison.Ordinal);
    }

    private string? Count()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        return lease.Ask("select (select count(*) from t) + (select count(*) from sqlite_master where name = 'other')");
    }

    private async Task Write(string kind)
    {
        using SqlitePoolConnection lease = await _pool.RentAsync();
        await KindsOfWrite.Write(_pool, lease, kind);
    }
}
