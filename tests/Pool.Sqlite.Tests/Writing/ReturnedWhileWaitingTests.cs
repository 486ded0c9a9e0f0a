using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>
/// A lease goes back while a call on it waits for the gate: nothing of that call reaches what its thread runs next.
/// </summary>
public sealed class ReturnedWhileWaitingTests() : GateTest(size: 3, overflow: 0)
{
    public static TheoryData<string> Calls =>
        ["ExecuteNonQuery", "ExecuteScalar", "returning", "ExecuteReader", "two statements", "batch"];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task The_next_statement_of_the_thread_is_its_own(string call)
    {
        using TempDatabase second = new();
        await using SqlitePool other = new(second.Options());
        await other.ExecuteAsync($"create table s(value)");
        SqlitePoolConnection lease = Pool.Rent();
        SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();

        Task<string?> thread = Limit.OnThread(() =>
        {
            Assert.ThrowsAny<InvalidOperationException>(() => Run(lease, call));
            using SqlitePoolConnection next = other.Rent();
            next.Run("insert into s(value) values (1)");
            return next.Ask("select count(*) from s");
        });
        await Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
        lease.Dispose();
        transaction.Commit();
        holder.Dispose();

        Assert.Equal("1", await thread.Limited());
        Assert.Equal("0", Count);
        AssertFree();
    }

    private static void Run(SqlitePoolConnection lease, string call)
    {
        using SqlitePoolCommand command = lease.CreateCommand("insert into t(value) values (7)");
        switch (call)
        {
            case "ExecuteNonQuery":
                command.ExecuteNonQuery();
                break;
            case "ExecuteScalar":
                command.ExecuteScalar();
                break;
            case "returning":
                command.CommandText += " returning value";
                command.ExecuteScalar();
                break;
            case "ExecuteReader":
                command.CommandText += " returning value";
                command.ExecuteReader().Dispose();
                break;
            case "two statements":
                command.CommandText = "select 1; insert into t(value) values (7)";
                command.ExecuteNonQuery();
                break;
            default:
                using (SqlitePoolBatch batch = lease.CreateBatch())
                {
                    batch.BatchCommands.Add(new SqlitePoolBatchCommand("insert into t(value) values (7)"));
                    batch.BatchCommands.Add(new SqlitePoolBatchCommand("insert into t(value) values (8)"));
                    batch.ExecuteNonQuery();
                }

                break;
        }
    }
}
