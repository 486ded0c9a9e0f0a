using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class RunExclusiveTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePool _pool;

    public RunExclusiveTests() => _pool = new SqlitePool(_database.Options(size: 2, overflow: 1), timeProvider: _time);

    [Fact]
    public async Task No_file_is_open_while_the_work_runs()
    {
        await _pool.WarmUpAsync();
        string[] open = ["not looked yet"];
        bool wal = true;

        await _pool.RunExclusiveAsync(_ =>
        {
            open = _database.OpenFiles();
            wal = _database.Exists("-wal");
            return Task.CompletedTask;
        });

        Assert.Empty(open);
        Assert.False(wal);
        Assert.Equal(2, _pool.GetStatistics().ClosedByClear);
    }

    [Fact]
    public async Task It_waits_for_every_lease()
    {
        SqlitePoolConnection one = await _pool.RentAsync();
        SqlitePoolConnection two = await _pool.RentAsync();
        bool ran = false;
        Task exclusive = _pool.RunExclusiveAsync(_ =>
        {
            ran = true;
            return Task.CompletedTask;
        });
        one.Dispose();
        Assert.False(ran);
        two.Dispose();

        await exclusive.Limited();
        Assert.True(ran);
    }

    [Fact]
    public async Task A_flow_that_holds_the_gate_gets_what_it_needs_to_end_while_exclusive_work_waits_for_it()
    {
        using SqlitePool pool = new(_database.Options(size: 1, overflow: 0));
        await pool.ExecuteAsync($"create table t(id integer primary key)");
        SqlitePoolConnection other = pool.Rent();
        Task<int>? write = null;
        Task? exclusive = null;
        await pool.WriteAsync(async connection =>
        {
            write = OtherFlow.Run(() => other.CreateCommand("insert into t default values").ExecuteNonQueryAsync());
            exclusive = OtherFlow.Run(() => pool.RunExclusiveAsync(static _ => Task.CompletedTask));
            using SqlitePoolConnection inside = await pool.RentAsync().Limited();
            Assert.Equal("0", inside.Ask("select count(*) from t"));
        });

        await write!.Limited();
        other.Dispose();
        await exclusive!.Limited();
    }

    [Fact]
    public async Task A_flow_with_a_lease_can_still_write_while_exclusive_work_waits_for_it()
    {
        await _pool.ExecuteAsync($"create table t(id integer primary key)");
        SqlitePoolConnection lease = _pool.Rent();
        Task exclusive = OtherFlow.Run(() => _pool.RunExclusiveAsync(static _ => Task.CompletedTask));

        await _pool
            .WriteAsync(static async connection =>
                await connection.CreateCommand("insert into t default values").ExecuteNonQueryAsync()
            )
            .Limited();
        await _pool.Writes.ExecuteAsync($"insert into t default values").Limited();

        lease.Dispose();
        await exclusive.Limited();
    }

    [Fact]
    public async Task Rents_wait_until_the_work_is_done()
    {
        TaskCompletionSource started = new();
        TaskCompletionSource done = new();
        Task exclusive = _pool.RunExclusiveAsync(_ =>
        {
            started.SetResult();
            return done.Task;
        });
        await started.Task.Limited();
        Task<SqlitePoolConnection>[] rents = [.. Enumerable.Range(0, 2).Select(_ => _pool.RentAsync().AsTask())];
        Assert.Equal(2, _pool.GetStatistics().Waiting);
        Assert.False(rents[0].IsCompleted);
        done.SetResult();

        SqlitePoolConnection[] leases = await Task.WhenAll(rents).Limited();
        await exclusive.Limited();
        Assert.Equal(2, _pool.GetStatistics().InUse);
        Assert.Equal(2, _pool.GetStatistics().PeakInUse);
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task A_newcomer_does_not_pass_exclusive_work_that_waits()
    {
        SqlitePoolConnection held = await _pool.RentAsync();
        List<string> order = [];
        Task exclusive = _pool.RunExclusiveAsync(_ =>
        {
            order.Add("exclusive");
            return Task.CompletedTask;
        });
        Task<SqlitePoolConnection> rent = _pool.RentAsync().AsTask();
        Assert.False(rent.IsCompleted);
        held.Dispose();
        using (await rent.Limited())
        {
            order.Add("rent");
        }

        await exclusive.Limited();
        Assert.Equal(["exclusive", "rent"], order);
    }

    [Fact]
    public async Task The_file_can_be_replaced_inside()
    {
        using (SqlitePoolConnection connection = await _pool.RentAsync())
        {
            connection.Run("create table t(text); insert into t values('old')");
        }

        await _pool.RunExclusiveAsync(_ =>
        {
            File.Delete(_database.Path);
            using SqliteConnection direct = _database.OpenDirectly();
            direct.Run("create table t(text); insert into t values('new')");
            return Task.CompletedTask;
        });

        using SqlitePoolConnection after = await _pool.RentAsync();
        Assert.Equal("new", after.Ask("select text from t"));
        Assert.Equal("wal", after.Ask("PRAGMA journal_mode"));
    }

    [Fact]
    public async Task It_times_out_while_a_lease_is_out_and_rents_go_on()
    {
        SqlitePoolConnection held = await _pool.RentAsync();
        Task exclusive = _pool.RunExclusiveAsync(_ => Task.CompletedTask);
        Task<SqlitePoolConnection> behind = _pool.RentAsync().AsTask();

        _time.Advance(TimeSpan.FromSeconds(30));

        SqlitePoolTimeoutException error = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            exclusive.Limited()
        );
        Assert.Equal(TimeSpan.FromSeconds(30), error.Waited);
        Assert.Equal(1, error.InUse);
        Assert.Contains(
            $"lease {held.LeaseId >> 32}-{held.LeaseId & uint.MaxValue}",
            error.Message,
            StringComparison.Ordinal
        );
        _ = await Record.ExceptionAsync(() => behind.Limited());
        SqlitePoolConnection[] others = [await _pool.RentAsync().Limited(), await _pool.RentAsync().Limited()];
        Array.ForEach(others, other => other.Dispose());
        held.Dispose();
        await _pool.RunExclusiveAsync(_ => Task.CompletedTask).Limited();
    }

    [Fact]
    public async Task It_can_be_cancelled_while_it_waits()
    {
        using SqlitePoolConnection held = await _pool.RentAsync();
        using CancellationTokenSource cancelling = new();
        Task exclusive = _pool.RunExclusiveAsync(_ => Task.CompletedTask, cancelling.Token);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exclusive.Limited());
        (await _pool.RentAsync().Limited()).Dispose();
    }

    [Fact]
    public async Task The_token_is_passed_on()
    {
        using CancellationTokenSource cancelling = new();
        CancellationToken seen = default;
        await _pool.RunExclusiveAsync(
            token =>
            {
                seen = token;
                return Task.CompletedTask;
            },
            cancelling.Token
        );

        Assert.Equal(cancelling.Token, seen);
    }

    [Fact]
    public async Task Work_that_throws_lets_the_rents_go_on()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            _pool.RunExclusiveAsync(_ => throw new InvalidDataException("no"))
        );

        (await _pool.RentAsync().Limited()).Dispose();
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task A_rent_inside_it_is_refused_at_once_and_says_what_to_do()
    {
        await _pool
            .RunExclusiveAsync(async token =>
            {
                InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
                    _pool.RentAsync(token).AsTask()
                );
                Assert.Contains("RunExclusiveAsync", refused.Message, StringComparison.Ordinal);
                Assert.Throws<InvalidOperationException>(() => _pool.Rent(token));
                Assert.Throws<InvalidOperationException>(() => _pool.RentReader(token));
                await Assert.ThrowsAsync<InvalidOperationException>(() => _pool.RentWriterAsync(token).AsTask());
                await Assert.ThrowsAsync<InvalidOperationException>(() =>
                    _pool.CheckpointAsync(cancellationToken: token)
                );
            })
            .Limited();

        _pool.Rent().Dispose();
    }

    [Fact]
    public async Task A_task_that_was_started_inside_it_and_outlives_it_can_rent()
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task later = Task.CompletedTask;
        await _pool
            .RunExclusiveAsync(_ =>
            {
                later = RentAfterwards();
                return Task.CompletedTask;
            })
            .Limited();
        over.SetResult();

        await later.Limited();

        async Task RentAfterwards()
        {
            await over.Task;
            using SqlitePoolConnection connection = await _pool.RentAsync();
        }
    }

    [Fact]
    public async Task Many_at_once_run_one_after_the_other()
    {
        int running = 0;
        int most = 0;
        await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(_ =>
                        _pool.RunExclusiveAsync(async _ =>
                        {
                            most = Math.Max(most, Interlocked.Increment(ref running));
                            await Task.Yield();
                            Interlocked.Decrement(ref running);
                        })
                    )
            )
            .Limited();

        Assert.Equal(1, most);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
