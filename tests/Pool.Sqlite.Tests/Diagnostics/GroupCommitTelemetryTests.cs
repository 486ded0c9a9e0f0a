using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>What statistics, meters and advice say of the syncs of group commit.</summary>
[Collection(nameof(MeterCollector))]
public sealed class GroupCommitTelemetryTests : DiagnosticsTest
{
    [Fact]
    public async Task Each_sync_is_heard_with_its_commits_and_its_time_and_counted_in_the_statistics()
    {
        using MeterCollector ear = new(Name);
        using SemaphoreSlim begun = new(0);
        using SemaphoreSlim ends = new(0);
        bool isHeld = false;
        await using SqlitePool pool = await FullPool(() =>
        {
            if (isHeld)
            {
                begun.Release();
                Assert.True(ends.Wait(Limit.Length));
            }
        });
        WriteGate gate = WriteGate.ForFile(Database.Path);
        long before = pool.GetStatistics().SyncedCommits;
        isHeld = true;
        Task first = Task.Run(() => pool.ExecuteAsync($"insert into t values (1)"));
        Assert.True(await begun.WaitAsync(Limit.Length));
        long committed = gate.GroupCommitOf(Database.Path).Committed;
        Task[] others =
        [
            .. Enumerable.Range(2, 3).Select(i => Task.Run(() => pool.ExecuteAsync($"insert into t values ({i})"))),
        ];
        await Limit.Until(() => gate.GroupCommitOf(Database.Path).Committed == committed + 3);
        ends.Release(2);
        await Task.WhenAll([first, .. others]).Limited();

        SqlitePoolStatistics statistics = pool.GetStatistics();
        Assert.Equal(before + 4, statistics.SyncedCommits);
        Assert.Equal((double)statistics.SyncedCommits / statistics.SyncTime.Count, statistics.CommitsPerSync);
        Assert.Equal([1, 3], ear.All("pool.sqlite.sync.commits")[^2..]);
        Assert.Equal(statistics.SyncTime.Count, ear.All("pool.sqlite.sync.time").Length);
        Assert.Equal("s", ear.UnitOf("pool.sqlite.sync.time"));
        ear.Look();
        Assert.Equal(0, ear.Last("pool.sqlite.sync.failures"));
        GC.KeepAlive(gate);
    }

    [Fact]
    public async Task A_sync_that_fails_is_counted_apart()
    {
        using MeterCollector ear = new(Name);
        bool fails = false;
        await using SqlitePool pool = await FullPool(() => _ = fails ? throw new IOException("The disk is gone.") : 0);
        long before = pool.GetStatistics().SyncTime.Count;
        fails = true;
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() =>
            pool.ExecuteAsync($"insert into t values (1)")
        );
        ear.Look();
        Assert.Equal(1, ear.Last("pool.sqlite.sync.failures"));
        Assert.Equal((before, 1L), (pool.GetStatistics().SyncTime.Count, pool.GetStatistics().SyncFailures));
    }

    [Fact]
    public async Task Writes_that_wait_where_each_commit_is_synced_alone_ask_for_group_commit()
    {
        await using SqlitePool pool = Pool(
            size: 30,
            more: static options =>
            {
                options.Pragmas.Synchronous = SynchronousMode.Full;
                options.GroupCommit = false;
            }
        );
        await WriteAllAtOnce(pool, writers: 25);

        SqlitePoolAdvice advice = Advised(pool, "group-commit");

        Assert.Contains("Turn GroupCommit on", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains("a power failure may take the last commits", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains("25 writes had to wait", advice.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SynchronousMode.Full, true, JournalMode.Wal)]
    [InlineData(SynchronousMode.Normal, false, JournalMode.Wal)]
    [InlineData(SynchronousMode.Full, false, JournalMode.Delete)]
    public async Task Where_it_is_on_or_cannot_help_they_do_not(
        SynchronousMode synchronous,
        bool groupCommit,
        JournalMode journal
    )
    {
        await using SqlitePool pool = Pool(
            size: 30,
            more: options =>
            {
                options.Pragmas.Synchronous = synchronous;
                options.Pragmas.JournalMode = journal;
                options.GroupCommit = groupCommit;
            }
        );
        await WriteAllAtOnce(pool, writers: 25);
        AssertSilent(pool, "group-commit");
    }

    [Fact]
    public async Task A_few_waits_are_not_worth_a_word()
    {
        await using SqlitePool pool = Pool(
            size: 30,
            more: static options =>
            {
                options.Pragmas.Synchronous = SynchronousMode.Full;
                options.GroupCommit = false;
            }
        );
        await WriteAllAtOnce(pool, writers: 5);
        AssertSilent(pool, "group-commit");
    }

    private async Task<SqlitePool> FullPool(Action sync)
    {
        await File.WriteAllBytesAsync(Database.Path, []);
        WriteGate gate = WriteGate.ForFile(Database.Path);
        gate.GroupCommitOf(Database.Path, sync);
        SqlitePool pool = Pool(more: static options => options.Pragmas.Synchronous = SynchronousMode.Full);
        await pool.ExecuteAsync($"create table t(value int)");
        GC.KeepAlive(gate);
        return pool;
    }
}
