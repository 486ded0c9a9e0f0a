using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>
/// Who holds the gate gets another lease, although all are out with those who wait for the gate: they would wait for
/// each other.
/// </summary>
public sealed class AmbientWriteGateTests() : GateTest(size: 1, overflow: 0)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_holds_the_writer_reads_on_another_lease(bool async)
    {
        using SqlitePoolConnection writer = async ? await Pool.RentWriterAsync() : Pool.RentWriter();
        Task<int> other = Others();
        using (SqlitePoolConnection reader = async ? await Pool.RentAsync() : Pool.Rent())
        {
            Assert.Equal("0", reader.Ask("select count(*) from t"));
        }

        Assert.False(other.IsCompleted);
        writer.Dispose();
        Assert.Equal(1, await other.Limited());
    }

    [Fact]
    public async Task Work_in_WriteAsync_reads_on_another_lease()
    {
        Task<int>? other = null;
        long seen = await Pool.WriteAsync(async connection =>
            {
                other = Others();
                connection.Run("insert into t(value) values (1)");
                return await Pool.ReadAsync(async reader =>
                    (long)(await reader.CreateCommand("select count(*) from t").ExecuteScalarAsync())!
                );
            })
            .Limited();
        Assert.Equal(0, seen);
        Assert.Equal(1, await other!.Limited());
    }

    // Another flow: what this one marks itself with is not to be seen there.
    private Task<int> Others()
    {
        using AsyncFlowControl flow = ExecutionContext.SuppressFlow();
        int before = Pool.GetStatistics().InUse;
        Task<int> write = Task.Run(() => Write());
        Assert.True(SpinWait.SpinUntil(() => Pool.GetStatistics().InUse > before || write.IsCompleted, Limit.Length));
        return write;
    }
}

/// <summary>The same with three connections, all out.</summary>
public sealed class FlowAfterWaitingTests() : GateTest(size: 3, overflow: 0)
{
    [Theory]
    [InlineData("begin", false)]
    [InlineData("begin", true)]
    [InlineData("sql", false)]
    [InlineData("sql", true)]
    public async Task Who_had_to_wait_for_the_gate_gets_another_lease_too(string how, bool async)
    {
        using SqlitePoolConnection first = Pool.Rent();
        using SqlitePoolConnection third = Pool.Rent();
        using ManualResetEventSlim starts = new();
        SqlitePoolTransaction transaction = first.BeginTransaction();
        Task<string?> flow;
        using (ExecutionContext.SuppressFlow())
        {
            flow = async ? Task.Run(WaitThenRentAsync) : Limit.OnThread(WaitThenRent);
        }

        starts.Pass();
        await Limit.Until(() => first.Physical.Gate.Waiting == 1);
        Task<int> waits = OtherFlow.Run(() =>
            third.CreateCommand("insert into t(value) values (3)").ExecuteNonQueryAsync()
        );
        Assert.False(waits.IsCompleted);
        transaction.Commit();
        Assert.Equal("0", await flow.Limited());
        Assert.Equal(1, await waits.Limited());

        string? WaitThenRent()
        {
            using SqlitePoolConnection second = Pool.Rent();
            starts.Set();
            if (how == "begin")
            {
                second.BeginTransaction();
            }
            else
            {
                second.Run("begin immediate");
            }

            using SqlitePoolConnection another = Pool.Rent();
            return another.Ask("select count(*) from t");
        }

        async Task<string?> WaitThenRentAsync()
        {
            using SqlitePoolConnection second = await Pool.RentAsync();
            starts.Set();
            if (how == "begin")
            {
                await second.BeginTransactionAsync();
            }
            else
            {
                await second.CreateCommand("begin immediate").ExecuteNonQueryAsync();
            }

            using SqlitePoolConnection another = await Pool.RentAsync();
            return another.Ask("select count(*) from t");
        }
    }

    [Fact]
    public async Task Once_the_gate_is_free_again_a_flow_waits_for_a_lease_as_everybody()
    {
        using SqlitePoolConnection first = Pool.Rent();
        using (SqlitePoolTransaction transaction = first.BeginTransaction())
        {
            first.Run("insert into t(value) values (1)");
            transaction.Commit();
        }

        using SqlitePoolConnection second = Pool.Rent();
        using SqlitePoolConnection third = Pool.Rent();
        Task<SqlitePoolConnection> waits = Pool.RentAsync().AsTask();
        Assert.False(waits.IsCompleted);
        third.Dispose();
        (await waits.Limited()).Dispose();
    }
}
