using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Face;

/// <summary>One statement, blocking the thread: as the asynchronous verbs.</summary>
public sealed class ExecuteBlockingTests : IDisposable
{
    private const string Insert = "insert into t values ($id, $name)";

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public ExecuteBlockingTests()
    {
        _pool = new SqlitePool(_database.Options(size: 1, overflow: 0));
        Assert.Equal(0, _pool.Execute("create table t(id integer primary key, name)"));
    }

    private string? Stored => _pool.ExecuteScalar<string>("select group_concat(id || '=' || quote(name), ' ') from t");

    [Fact]
    public void A_text_is_executed_as_it_is_and_an_interpolated_string_with_parameters()
    {
        string hostile = "x'); drop table t; --";
        Assert.Equal(2, _pool.Execute("insert into t values (1, '{0} $p0'); insert into t values (2, null)"));
        Assert.Equal(1, _pool.Execute($"insert into t values ({3}, {hostile})"));
        Assert.Equal(1, _pool.Execute($"delete from t where id = {2}", CancellationToken.None));
        Assert.Equal(1, _pool.Execute("update t set name = 'a' where id = 1", CancellationToken.None));
        Assert.Equal(hostile, _pool.ExecuteScalar<string>($"select name from t where id = {3}"));
        Assert.Equal(2, _pool.ExecuteScalar<int>($"select count(*) from t"));
        Assert.Equal(2L, _pool.ExecuteScalar<long>("select count(*) from t", CancellationToken.None));
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public void Values_come_in_order_in_lists_by_name_or_as_parameters()
    {
        _pool.Execute(Insert, 1, "a");
        _pool.Execute(Insert, 2, null);
        _pool.Execute(Insert, [3, "c"]);
        _pool.Execute(Insert, new List<int> { 4, 40 });
        _pool.Execute(Insert, ("name", null), ("$id", 5));
        _pool.Execute(Insert, new Dictionary<string, object?> { ["name"] = "f", ["id"] = 6 });
        _pool.Execute(Insert, new SqliteParameter("$name", "g"), new SqliteParameter("$id", 7));
        _pool.Execute("delete from t where id = 1", []);
        Assert.Equal("2=NULL 3='c' 4=40 5=NULL 6='f' 7='g'", Stored);
        Assert.Equal("c", _pool.ExecuteScalar<string>("select name from t where id = $id", 3));
        Assert.Equal("f", _pool.ExecuteScalar<string>("select name from t where id = $id", ("id", 6)));
        Assert.Null(_pool.ExecuteScalar<string>("select name from t where id = $id", 2));
        Assert.Null(_pool.ExecuteScalar<long?>("select id from t where id = $id", [9]));
    }

    [Fact]
    public void What_is_wrong_is_thrown_as_it_is_and_nothing_stays_rented()
    {
        Assert.Throws<ArgumentException>(() => _pool.Execute(" "));
        Assert.Throws<ArgumentNullException>(() => _pool.Execute((string)null!, 1));
        Assert.Throws<ArgumentNullException>(() => _pool.ExecuteScalar<int>((FormattableString)null!));
        Assert.Contains(
            "There are 1 values",
            Assert.Throws<ArgumentException>(() => _pool.Execute(Insert, 1)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<SqliteException>(() => _pool.Execute("insert into missing values (1)"));
        Assert.Throws<SqliteException>(() => _pool.ExecuteScalar<int>("select 1; select * from missing"));
        Assert.Contains(
            "Ask for Int64? instead",
            Assert.Throws<InvalidOperationException>(() => _pool.ExecuteScalar<long>("select null")).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<InvalidCastException>(() => _pool.ExecuteScalar<int>("select 'a'"));
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public void A_flow_that_holds_the_write_gate_is_told_at_once()
    {
        _pool.Write(connection =>
        {
            Assert.Equal(0, _pool.ExecuteScalar<int>("select count(*) from t"));
            Assert.Throws<InvalidOperationException>(() => _pool.Execute(Insert, 1, "a"));
            connection.Run("insert into t values (2, 'b')");
        });
        Assert.Equal("2='b'", Stored);
    }

    [Fact]
    public async Task A_token_ends_the_wait_for_the_write_gate()
    {
        using CancellationTokenSource stop = new();
        WriteGate gate = WriteGate.ForFile(_database.Path);
        using SqlitePoolConnection writer = OtherFlow.Run(() => _pool.RentWriter());
        Task<int> interpolated = OtherFlow.Run(() =>
            Limit.OnThread(() => _pool.Execute($"insert into t values ({1}, 'a')", stop.Token))
        );
        await Limit.Until(() => gate.Waiting == 1);
        await stop.CancelAsync();
        OperationCanceledException exception = await Assert.ThrowsAsync<OperationCanceledException>(() =>
            interpolated.Limited()
        );
        Assert.Equal(stop.Token, exception.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => _pool.Execute(Insert, 2, "b", stop.Token));
        writer.Dispose();
        Assert.Null(Stored);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_stops_a_running_statement(bool scalar)
    {
        const string Endless =
            "with recursive n(x) as (select called() union all select x + 1 from n) select count(*) from n";
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim running = new();
        SqlitePoolOptions options = _database.Options();
        options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "called",
                () =>
                {
                    running.Set();
                    return 1;
                }
            );
        using SqlitePool pool = new(options);
        Task run = Limit.OnThread(() =>
        {
            if (scalar)
            {
                pool.ExecuteScalar<long>(Endless, stop.Token);
            }
            else
            {
                pool.Execute(Endless, stop.Token);
            }
        });
        running.Pass();
        await stop.CancelAsync();
        OperationCanceledException exception = await Assert.ThrowsAsync<OperationCanceledException>(() =>
            run.Limited()
        );
        Assert.Equal(stop.Token, exception.CancellationToken);
        Assert.Equal(1, pool.ExecuteScalar<int>("select 1"));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
