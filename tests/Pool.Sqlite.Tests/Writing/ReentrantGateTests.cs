using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>
/// A flow of control that holds the gate and asks for it again would wait for itself: it is told at once.
/// </summary>
public sealed class ReentrantGateTests()
    : GateTest(busyTimeout: TimeSpan.FromMinutes(5), rentTimeout: TimeSpan.FromMinutes(5), size: 3, overflow: 0)
{
    public static TheoryData<string> Holders =>
        ["WriteAsync", "RentWriter", "BeginTransaction", "begin immediate", "first write"];

    public static TheoryData<string, string> Pairs
    {
        get
        {
            TheoryData<string, string> pairs = [];
            foreach (string holder in Holders.Select(row => row.Data))
            {
                foreach (
                    string asks in (string[])
                        [
                            "WriteAsync",
                            "RentWriter",
                            "RentWriterAsync",
                            "ExecuteAsync",
                            "ExecuteManyAsync",
                            "CheckpointAsync",
                            "OptimizeAsync",
                            "another lease",
                            "another lease async",
                            "another transaction",
                        ]
                )
                {
                    pairs.Add(holder, asks);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task A_flow_that_asks_again_is_refused_at_once_and_goes_on(string holder, string asks)
    {
        await Hold(
            holder,
            async connection =>
            {
                InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
                    Ask(asks).Limited()
                );
                Assert.Contains("would wait for itself", refused.Message, StringComparison.Ordinal);
                Assert.Contains("Use the connection that holds it", refused.Message, StringComparison.Ordinal);
                Assert.Contains("lease ", refused.Message, StringComparison.Ordinal);
                await connection.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync();
            }
        );
        AssertFree();
        Assert.Equal("3", Count);
    }

    [Theory]
    [InlineData("WriteAsync")]
    [InlineData("BeginTransaction")]
    public async Task Also_after_an_await_that_changes_the_thread(string holder) =>
        await Hold(
            holder,
            async connection =>
            {
                int before = Environment.CurrentManagedThreadId;
                await new NewThread();
                Assert.NotEqual(before, Environment.CurrentManagedThreadId);
                await Assert.ThrowsAsync<InvalidOperationException>(() => Ask("WriteAsync").Limited());
            }
        );

    [Theory]
    [MemberData(nameof(Holders))]
    public async Task A_task_that_the_holder_started_waits_its_turn(string holder)
    {
        Task<int>? child = null;
        await Hold(
            holder,
            connection =>
            {
                child = Task.Run(async () =>
                {
                    await Task.Yield();
                    return await Pool.ExecuteAsync($"insert into t(value) values (1)");
                });
                return Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
            }
        );
        Assert.Equal(1, await child!.Limited());
    }

    [Fact]
    public async Task What_a_holder_started_before_is_not_taken_for_the_holder_of_a_later_transaction()
    {
        TaskCompletionSource begun = new();
        Task<int>? child = null;
        await Hold(
            "BeginTransaction",
            connection =>
            {
                child = Child();
                return Task.CompletedTask;
            }
        );
        await Hold(
            "BeginTransaction",
            async connection =>
            {
                begun.SetResult();
                await Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
            }
        );
        Assert.Equal(1, await child!.Limited());

        async Task<int> Child()
        {
            await begun.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return await Pool.ExecuteAsync($"insert into t(value) values (1)");
        }
    }

    [Fact]
    public async Task A_write_that_is_begun_in_a_transaction_and_not_awaited_runs_after_it()
    {
        using SqlitePoolConnection other = Pool.Rent();
        Task<int>? write = null;
        await Hold(
            "BeginTransaction",
            connection =>
            {
                connection.Physical.Gate.PatienceWithHolder = Timeout.InfiniteTimeSpan;
                write = other.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync();
                Assert.False(write.IsCompleted);
                return Task.CompletedTask;
            }
        );
        Assert.Equal(1, await write!.Limited());
    }

    [Theory]
    [InlineData("statement")]
    [InlineData("function")]
    [InlineData("flush")]
    public async Task A_flow_that_waits_for_the_write_queue_is_refused_and_goes_on(string kind)
    {
        await Hold(
            "WriteAsync",
            async connection =>
            {
                Assert.True(Pool.Writes.TryPost($"insert into t(value) values (1)"));
                InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
                    (
                        kind switch
                        {
                            "statement" => Pool.Writes.ExecuteAsync($"insert into t(value) values (2)"),
                            "function" => Pool.Writes.EnqueueAsync(static item =>
                                item.Run("insert into t(value) values (2)")
                            ),
                            _ => Pool.Writes.FlushAsync(),
                        }
                    ).Limited()
                );
                Assert.Contains("would wait for itself", refused.Message, StringComparison.Ordinal);
            }
        );
        await Pool.Writes.FlushAsync().Limited();
        Assert.Equal("2", Count);
    }

    [Fact]
    public async Task An_item_that_is_queued_in_a_transaction_and_not_awaited_is_written_after_it()
    {
        Task<int>? item = null;
        await Hold(
            "BeginTransaction",
            connection =>
            {
                connection.Physical.Gate.PatienceWithHolder = Timeout.InfiniteTimeSpan;
                item = Pool.Writes.ExecuteAsync($"insert into t(value) values (1)");
                return Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
            }
        );
        Assert.Equal(1, await item!.Limited());
    }

    [Fact]
    public async Task Once_it_has_let_go_it_may_ask_again()
    {
        await Hold("WriteAsync", static _ => Task.CompletedTask);
        await Hold("BeginTransaction", static _ => Task.CompletedTask);
        await Pool.WriteAsync(static connection =>
                connection.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync()
            )
            .Limited();
        using SqlitePoolConnection writer = Pool.RentWriter();
        writer.Run("insert into t(value) values (1)");
    }

    [Fact]
    public async Task Flows_that_hold_the_gates_of_two_databases_ask_for_a_third()
    {
        using TempDatabase other = new();
        await using SqlitePool second = new(other.Options());
        await Pool.WriteAsync(async _ =>
            {
                await second.WriteAsync(static inner =>
                    inner.CreateCommand("create table t(value)").ExecuteNonQueryAsync()
                );
                await Assert.ThrowsAsync<InvalidOperationException>(() => Ask("WriteAsync").Limited());
            })
            .Limited();
    }

    [Fact]
    public async Task A_function_that_writes_inside_an_autocommit_insert_is_refused_at_once()
    {
        using SqlitePoolConnection connection = Pool.Rent();
        connection.SqliteConnection.CreateFunction(
            "write",
            () => Pool.ExecuteAsync($"insert into t(value) values (2)").GetAwaiter().GetResult()
        );
        SqliteException failed = await Assert.ThrowsAsync<SqliteException>(() =>
            Task.Run(() => connection.Run("insert into t(value) values (write())")).Limited()
        );
        Assert.Contains("would wait for itself", failed.Message, StringComparison.Ordinal);
        connection.Run("insert into t(value) values (1)");
    }

    [Fact]
    public async Task Where_the_flow_is_not_known_the_timeout_names_the_holder()
    {
        SqlitePoolOptions options = Database.Options();
        options.Pragmas.BusyTimeout = options.RentTimeout = TimeSpan.FromMilliseconds(300);

        // By a clock that stands still no connection takes too long to open; waits for the gate have the system's.
        await using SqlitePool pool = new(options, timeProvider: new FakeTimeProvider());
        (SqlitePoolConnection connection, SqlitePoolTransaction transaction) = await Begin(pool);
        SqliteException execute = await OtherFlow.Run(() =>
            Assert.ThrowsAsync<SqliteException>(() => pool.ExecuteAsync($"insert into t(value) values (1)"))
        );
        SqlitePoolTimeoutException checkpoint = await OtherFlow.Run(() =>
            Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => pool.CheckpointAsync())
        );
        string name = $"lease {connection.LeaseId >> 32}-{connection.LeaseId & uint.MaxValue}, for ";
        Assert.Contains(name, execute.Message, StringComparison.Ordinal);
        Assert.Contains(
            "its last statement: insert into t(value) values ($v)",
            execute.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(name, checkpoint.Message, StringComparison.Ordinal);
        transaction.Commit();
        connection.Dispose();

        static async Task<(SqlitePoolConnection Connection, SqlitePoolTransaction Transaction)> Begin(SqlitePool pool)
        {
            SqlitePoolConnection connection = await pool.RentAsync();
            SqlitePoolTransaction transaction = await connection.BeginTransactionAsync();
            using SqlitePoolCommand command = connection.CreateCommand("insert into t(value) values ($v)");
            command.Parameters.AddWithValue("$v", "secret");
            await command.ExecuteNonQueryAsync();
            return (connection, transaction);
        }
    }

    private async Task Hold(string how, Func<SqlitePoolConnection, Task> work)
    {
        switch (how)
        {
            case "WriteAsync":
                await Pool.WriteAsync(async connection =>
                    {
                        connection.Run("insert into t(value) values (0)");
                        await work(connection);
                    })
                    .Limited();
                return;
            case "RentWriter":
                using (SqlitePoolConnection writer = Pool.RentWriter())
                {
                    writer.Run("insert into t(value) values (0)");
                    await work(writer);
                }

                return;
        }

        using SqlitePoolConnection connection = Pool.Rent();
        if (how == "begin immediate")
        {
            connection.Run("begin immediate; insert into t(value) values (0)");
            await work(connection);
            connection.Run("commit");
            return;
        }

        using SqlitePoolTransaction transaction = connection.BeginTransaction(deferred: how == "first write");
        connection.Run("insert into t(value) values (0)");
        await work(connection);
        transaction.Commit();
    }

    private async Task Ask(string how)
    {
        switch (how)
        {
            case "WriteAsync":
                await Pool.WriteAsync(static _ => Task.CompletedTask);
                break;
            case "RentWriter":
                Pool.RentWriter().Dispose();
                break;
            case "RentWriterAsync":
                (await Pool.RentWriterAsync()).Dispose();
                break;
            case "ExecuteAsync":
                await Pool.ExecuteAsync($"insert into t(value) values (1)");
                break;
            case "ExecuteManyAsync":
                await Pool.ExecuteManyAsync(
                    "insert into t(value) values ($v)",
                    [
                        [1],
                    ]
                );
                break;
            case "CheckpointAsync":
                await Pool.CheckpointAsync();
                break;
            case "OptimizeAsync":
                await Pool.OptimizeAsync();
                break;
            default:
                using (SqlitePoolConnection other = Pool.Rent())
                {
                    await (
                        how switch
                        {
                            "another lease" => (Task)
                                Task.FromResult(
                                    other.CreateCommand("insert into t(value) values (1)").ExecuteNonQuery()
                                ),
                            "another lease async" => other
                                .CreateCommand("insert into t(value) values (1)")
                                .ExecuteNonQueryAsync(),
                            _ => other.BeginTransactionAsync().AsTask(),
                        }
                    );
                }

                break;
        }
    }
}
