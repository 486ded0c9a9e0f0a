using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>
/// What health and advice say of a write queue that has no room, and that they are silent while it has.
/// </summary>
public sealed class FullQueueTests : DiagnosticsTest
{
    [Fact]
    public async Task Posts_that_are_refused_are_a_warning_for_a_minute()
    {
        await using SqlitePool pool = await PoolWithQueue(capacity: 2);
        await WhileBusy(pool, () => Post(pool, 3));

        AssertWarns(
            pool,
            "The write queue was full: in the last 0 ms 1 post was refused, and 0 writes waited for room, 0 ms each (Capacity 2)."
        );
        AssertNotAdvised(pool);
        Time.Advance(TimeSpan.FromSeconds(75));
        Assert.Empty(pool.GetHealth().Reasons);
    }

    [Fact]
    public async Task So_are_callers_that_wait_for_room_a_second_and_longer()
    {
        await using SqlitePool pool = await PoolWithQueue(capacity: 1);
        Task[] writes = [];
        await WhileBusy(
            pool,
            () =>
            {
                writes = Write(pool, 3);
                Assert.Equal((1, 2), (pool.GetStatistics().Writes.Queued, pool.GetStatistics().Writes.WaitingForRoom));
                Time.Advance(TimeSpan.FromSeconds(1));
            }
        );
        await Task.WhenAll(writes).Limited();
        await Limit.Until(() => pool.GetStatistics().Writes.WaitingForRoom == 0);

        AssertWarns(pool, "0 posts were refused, and 2 writes waited for room, 1 s each (Capacity 1).");
        DurationSummary waits = pool.GetStatistics().Writes.RoomWaits;
        Assert.Equal((2, TimeSpan.FromSeconds(2)), (waits.Count, waits.Total));
        AssertNotAdvised(pool);
    }

    [Fact]
    public async Task Short_waits_for_room_are_what_a_bound_is_for()
    {
        await using SqlitePool pool = await PoolWithQueue(capacity: 1);
        Task[] writes = [];
        await WhileBusy(
            pool,
            () =>
            {
                writes = Write(pool, 50);
                Time.Advance(TimeSpan.FromMilliseconds(19));
            }
        );
        await Task.WhenAll(writes).Limited();
        await Limit.Until(() => pool.GetStatistics().Writes.WaitingForRoom == 0);

        Assert.Equal(49, pool.GetStatistics().Writes.RoomWaits.Count);
        AssertQuiet(pool);
    }

    [Fact]
    public async Task Nor_is_a_queue_that_is_busy_and_has_room_worth_a_word()
    {
        await using SqlitePool pool = await PoolWithQueue(capacity: 1_000);
        await WhileBusy(pool, () => Post(pool, 999));
        await Task.WhenAll(Write(pool, 500)).Limited();

        Assert.Equal(1_500, pool.GetStatistics().Writes.Items);
        AssertQuiet(pool);
    }

    [Fact]
    public async Task Many_refused_posts_ask_for_more_room()
    {
        await using SqlitePool pool = await PoolWithQueue(capacity: 2);
        await WhileBusy(pool, () => Post(pool, 22));

        SqlitePoolAdvice advice = Advised(pool, "queue-capacity");

        Assert.Contains("Make Writes.Capacity larger than 2", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains("20 posts were refused", advice.Evidence, StringComparison.Ordinal);
        Assert.Contains("2 batches took 0 ms each", advice.Evidence, StringComparison.Ordinal);
        Time.Advance(TimeSpan.FromMinutes(6));
        AssertNotAdvised(pool);
    }

    [Fact]
    public async Task So_do_many_callers_that_wait_for_it_for_long()
    {
        await using SqlitePool pool = await PoolWithQueue(capacity: 1);
        Task[] writes = [];
        await WhileBusy(
            pool,
            () =>
            {
                writes = Write(pool, 21);
                Time.Advance(TimeSpan.FromMilliseconds(20));
            }
        );
        await Task.WhenAll(writes).Limited();
        await Limit.Until(() => pool.GetStatistics().Writes.WaitingForRoom == 0);

        SqlitePoolAdvice advice = Advised(pool, "queue-capacity");

        Assert.Contains(
            "20 writes waited for room, 20 ms each (Capacity 1)",
            advice.Evidence,
            StringComparison.Ordinal
        );
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
    }

    [Fact]
    public async Task Where_the_commits_are_slow_more_room_is_no_cure_and_that_is_said_instead()
    {
        await using SqlitePool pool = await PoolWithQueue(
            capacity: 2,
            options => options.ConnectionOpened = SlowCommits
        );
        await WhileBusy(pool, () => Post(pool, 22));

        SqlitePoolAdvice advice = Advised(pool, "queue-commits");

        AssertSilent(pool, "queue-capacity");
        Assert.Contains("2 batches took 250 ms each for their COMMIT", advice.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_closed_pool_refuses_is_not_for_want_of_room()
    {
        SqlitePool pool = await PoolWithQueue(capacity: 2);
        await pool.DisposeAsync();
        Post(pool, 30);

        Assert.Equal(["The pool is closed."], pool.GetHealth().Reasons);
        AssertNotAdvised(pool);
    }

    private async Task<SqlitePool> PoolWithQueue(int capacity, Action<SqlitePoolOptions>? more = null)
    {
        SqlitePool pool = Pool(more: options =>
        {
            options.Writes.Capacity = capacity;
            more?.Invoke(options);
        });
        await pool.ExecuteAsync($"create table t(value int)");
        return pool;
    }

    // While an item runs, what comes waits.
    private static async Task WhileBusy(SqlitePool pool, Action work)
    {
        using ManualResetEventSlim begun = new();
        using ManualResetEventSlim over = new();
        Task item = pool.Writes.EnqueueAsync(_ =>
        {
            begun.Set();
            over.Pass();
        });
        begun.Pass();
        work();
        over.Set();
        await item.Limited();
        await pool.Writes.FlushAsync().Limited();
    }

    private static void Post(SqlitePool pool, int posts)
    {
        for (int i = 0; i < posts; i++)
        {
            pool.Writes.TryPost($"insert into t values ({i})");
        }
    }

    private static Task[] Write(SqlitePool pool, int writes) =>
        [.. Enumerable.Range(0, writes).Select(i => pool.Writes.ExecuteAsync($"insert into t values ({i})"))];

    private static void AssertNotAdvised(SqlitePool pool) =>
        Assert.Equal(EngineAdvice.For(EngineVersion.Current), pool.GetHealth().Advice);

    private static void AssertWarns(SqlitePool pool, string reason)
    {
        SqlitePoolHealth health = pool.GetHealth();
        Assert.Equal(SqlitePoolStatus.Warning, health.Status);
        Assert.Contains(reason, Assert.Single(health.Reasons), StringComparison.Ordinal);
    }

    private static void AssertQuiet(SqlitePool pool)
    {
        Assert.Equal(SqlitePoolStatus.Healthy, pool.GetHealth().Status);
        AssertNotAdvised(pool);
    }
}
