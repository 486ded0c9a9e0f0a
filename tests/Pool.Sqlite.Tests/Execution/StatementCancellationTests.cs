using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

public sealed class StatementCancellationTests : IDisposable
{
    private const string Endless =
        "with recursive n(i) as (select signal() union all select i + 1 from n) select count(*) from n";
    private const string EndlessRows =
        "with recursive n(i) as (select signal() union all select i + 1 from n) select i from n where i = 0 or i < 0";
    private const string EndlessWrite =
        "with recursive n(i) as (select signal() union all select i + 1 from n) insert into t select i from n";

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;
    private readonly SqlitePoolConnection _connection;
    private readonly ManualResetEventSlim _runs = new();

    public StatementCancellationTests()
    {
        SqlitePoolOptions options = _database.Options();
        options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "signal",
                () =>
                {
                    _runs.Set();
                    return 0;
                }
            );
        _pool = new SqlitePool(options);
        _connection = _pool.Rent();
        _connection.Run("create table t(a)");
    }

    public static TheoryData<string, string> Ways =>
        new()
        {
            { "scalar", Endless },
            { "nonquery", Endless },
            { "reader", Endless },
            { "rows", EndlessRows },
            { "scalar", EndlessWrite },
            { "nonquery", EndlessWrite },
            { "reader", EndlessWrite },
            { "nonquery", "select 1; " + EndlessWrite },
            { "scalar", "insert into t values (1); " + Endless },
            { "reader", EndlessWrite + " returning a" },
        };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_token_stops_a_statement_that_runs(string way, string sql)
    {
        using CancellationTokenSource stop = new();
        using SqlitePoolCommand command = _connection.CreateCommand(sql);
        command.CommandTimeout = 0;
        Task run = Limit.OnThread(() => Run(command, way, stop.Token).GetAwaiter().GetResult());
        _runs.Pass();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Limited());
        await AssertUsable(command, way);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Cancel_from_another_thread_stops_a_statement_that_runs(string way, string sql)
    {
        using SqlitePoolCommand command = _connection.CreateCommand(sql);
        command.CommandTimeout = 0;
        Task run = Limit.OnThread(() => Run(command, way, CancellationToken.None).GetAwaiter().GetResult());
        _runs.Pass();
        command.Cancel();
        Exception? stopped = await Record.ExceptionAsync(() => run.Limited());

        // Between rows it is the driver's own reader that runs into the stop.
        bool isTheDrivers =
            way == "rows" && stopped is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_INTERRUPT };
        Assert.True(stopped is OperationCanceledException || isTheDrivers, $"{stopped}");
        await AssertUsable(command, way);
    }

    [Fact]
    public async Task Cancel_stops_statements_that_do_not_know_of_any_token()
    {
        using SqlitePoolCommand command = _connection.CreateCommand(Endless);
        command.CommandTimeout = 0;
        Task run = Limit.OnThread(command.ExecuteScalar);
        _runs.Pass();
        command.Cancel();
        await Assert.ThrowsAsync<OperationCanceledException>(() => run.Limited());
        Assert.Equal("1", _connection.Ask("select 1"));
    }

    [Fact]
    public async Task A_reader_can_still_be_stopped_after_another_statement_ran_beside_it()
    {
        using CancellationTokenSource stop = new();
        using SqlitePoolCommand command = _connection.CreateCommand(
            "with recursive n(i) as (select 0 union all select i + 1 from n) "
                + "select i from n where i = 0 or (i = 1000 and signal() > 0)"
        );
        Task read = Limit.OnThread(() => Run().GetAwaiter().GetResult());
        _runs.Pass();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.Limited());
        Assert.Equal("1", _connection.Ask("select 1"));

        async Task Run()
        {
            await using DbDataReader reader = await command.ExecuteReaderAsync(stop.Token);
            Assert.True(await reader.ReadAsync(stop.Token));
            Assert.Equal("1", _connection.Ask("select 1"));
            await reader.ReadAsync(stop.Token);
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("nonquery")]
    [InlineData("reader")]
    public async Task CommandTimeout_stops_a_statement_that_runs_too_long(string way)
    {
        using SqlitePoolCommand command = _connection.CreateCommand(way == "nonquery" ? EndlessWrite : Endless);
        command.CommandTimeout = 1;
        SqliteException late = await Assert.ThrowsAsync<SqliteException>(() =>
            Limit.OnThread(() => Run(command, way, CancellationToken.None).GetAwaiter().GetResult()).Limited()
        );
        Assert.Contains("CommandTimeout", late.Message, StringComparison.Ordinal);
        await AssertUsable(command, way);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_runs_nothing()
    {
        using SqlitePoolCommand command = _connection.CreateCommand("insert into t values (1)");
        CancellationToken cancelled = new(true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.ExecuteNonQueryAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.ExecuteScalarAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.ExecuteReaderAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await _connection.BeginTransactionAsync(cancelled)
        );
        Assert.Equal("0", _connection.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Cancelling_afterwards_does_nothing_to_what_runs_next()
    {
        using CancellationTokenSource stop = new();
        using SqlitePoolCommand command = _connection.CreateCommand("select 1");
        Assert.Equal(1L, await command.ExecuteScalarAsync(stop.Token));
        await stop.CancelAsync();
        command.Cancel();
        using SqlitePoolCommand next = _connection.CreateCommand(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) select count(*) from n"
        );
        Assert.Equal(100_000L, await next.ExecuteScalarAsync());
        command.Cancel();
        Assert.Equal(100_000L, await next.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_token_of_one_row_stops_none_of_the_next()
    {
        using CancellationTokenSource stop = new();
        using SqlitePoolCommand command = _connection.CreateCommand(
            "with recursive n(i) as (select 0 union all select i + 1 from n where i < 300000) select i from n where i % 100000 = 0"
        );
        await using DbDataReader reader = await command.ExecuteReaderAsync(stop.Token);
        Assert.True(await reader.ReadAsync(stop.Token));
        Assert.True(await reader.ReadAsync(stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(stop.Token));
        Assert.True(await reader.ReadAsync());
        Assert.True(reader.Read());
        Assert.Equal(300_000, reader.GetInt32(0));
        Assert.False(await reader.ReadAsync());
    }

    [Fact]
    public async Task A_write_in_a_transaction_that_is_stopped_can_be_rolled_back()
    {
        using CancellationTokenSource stop = new();
        SqlitePoolTransaction transaction = await _connection.BeginTransactionAsync();
        _connection.Run("insert into t values (1)");
        using SqlitePoolCommand command = _connection.CreateCommand(EndlessWrite);
        Task run = Limit.OnThread(() => command.ExecuteNonQueryAsync(stop.Token).GetAwaiter().GetResult());
        _runs.Pass();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Limited());
        transaction.Dispose();
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values (1)"));
        Assert.Equal("1", _connection.Ask("select count(*) from t"));
    }

    public void Dispose()
    {
        _connection.Dispose();
        _pool.Dispose();
        _database.Dispose();
        _runs.Dispose();
    }

    private static async Task Run(SqlitePoolCommand command, string way, CancellationToken cancellationToken)
    {
        switch (way)
        {
            case "scalar":
                await command.ExecuteScalarAsync(cancellationToken);
                break;
            case "nonquery":
                await command.ExecuteNonQueryAsync(cancellationToken);
                break;
            default:
                await using (DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken))
                {
                    while (await reader.ReadAsync(cancellationToken))
                    {
                        Assert.Equal(0, reader.GetInt32(0));
                    }
                }

                break;
        }
    }

    private async Task AssertUsable(SqlitePoolCommand command, string way)
    {
        Assert.Equal("1", _connection.Ask("select 1"));
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values (2)").Limited());
        command.CommandText = "select 0";
        command.CommandTimeout = 30;
        await Run(command, way, CancellationToken.None);
    }
}
