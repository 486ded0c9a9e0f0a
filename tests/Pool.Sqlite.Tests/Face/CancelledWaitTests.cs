using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// A wait that its token ends throws exactly <see cref="OperationCanceledException"/>, whatever is waited for.
/// </summary>
public sealed class CancelledWaitTests : IDisposable
{
    private static readonly Dictionary<string, Func<SqlitePool, CancellationToken, Task>> Verbs = new()
    {
        ["rent"] = static (pool, token) => pool.RentAsync(token).AsTask(),
        ["rent with a limit"] = static (pool, token) => pool.RentAsync(Limit.Length, token).AsTask(),
        ["rent a reader"] = static (pool, token) => pool.RentReaderAsync(token).AsTask(),
        ["rent a writer"] = static (pool, token) => pool.RentWriterAsync(token).AsTask(),
        ["open"] = static (pool, token) => pool.CreateConnection().OpenAsync(token),
        ["open a data source"] = static (pool, token) => ((DbDataSource)pool).OpenConnectionAsync(token).AsTask(),
        ["command"] = static (pool, token) =>
            pool.CreateCommand("insert into t values (1)").ExecuteNonQueryAsync(token),
        ["batch"] = static (pool, token) => Batch(pool).ExecuteNonQueryAsync(token),
        ["read"] = static (pool, token) => pool.ReadAsync(static _ => Task.FromResult(1), token),
        ["write"] = static (pool, token) => pool.WriteAsync(Insert, token),
        ["execute"] = static (pool, token) => pool.ExecuteAsync($"insert into t values ({1})", token),
        ["execute, blocking"] = static (pool, token) =>
            Limit.OnThread(() => pool.Execute($"insert into t values ({1})", token)),
        ["execute many"] = static (pool, token) =>
            pool.ExecuteManyAsync(
                "insert into t values ($a)",
                [
                    [1],
                ],
                cancellationToken: token
            ),
        ["a verb of any data source"] = static (pool, token) =>
            ((DbDataSource)pool).ExecuteAsync($"insert into t values ({1})", token),
        ["queued function"] = static (pool, token) =>
            pool.Writes.EnqueueAsync(static c => c.Run("insert into t values (1)"), token),
        ["queued statement"] = static (pool, token) => pool.Writes.ExecuteAsync($"insert into t values ({1})", token),
        ["flush"] = static (pool, token) =>
        {
            pool.Writes.TryPost($"insert into t values ({1})");
            return pool.Writes.FlushAsync(token);
        },
        ["exclusive"] = static (pool, token) => pool.RunExclusiveAsync(static _ => Task.CompletedTask, token),
        ["checkpoint"] = static (pool, token) => pool.CheckpointAsync(CheckpointMode.Truncate, token),
        ["optimize"] = static (pool, token) => pool.OptimizeAsync(token),
        ["vacuum"] = static (pool, token) => pool.VacuumAsync(token),
        ["vacuum into"] = static (pool, token) => pool.VacuumAsync(pool.DataSource + "-copy", token),
        ["backup"] = static (pool, token) => pool.BackupAsync(pool.DataSource + "-copy", cancellationToken: token),
        ["check"] = static (pool, token) => pool.CheckIntegrityAsync(token),
    };

    private readonly TempDatabase _database = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SqlitePool _pool;
    private readonly WriteGate _gate;

    public CancelledWaitTests()
    {
        _pool = new SqlitePool(_database.Options(size: 1, overflow: 0));
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(a)");
        _gate = WriteGate.ForFile(_database.Path);
    }

    [Theory]
    [InlineData("rent")]
    [InlineData("rent with a limit")]
    [InlineData("rent a reader")]
    [InlineData("read")]
    [InlineData("open")]
    [InlineData("open a data source")]
    [InlineData("command")]
    [InlineData("batch")]
    [InlineData("execute")]
    [InlineData("execute, blocking")]
    [InlineData("a verb of any data source")]
    [InlineData("exclusive")]
    [InlineData("vacuum into")]
    [InlineData("backup")]
    [InlineData("check")]
    public async Task A_wait_for_a_connection_ends_with_the_cancellation(string verb)
    {
        using SqlitePoolConnection held = _pool.Rent();
        await AssertStops(verb, () => _pool.GetStatistics().Waiting == 1);
    }

    [Theory]
    [InlineData("rent a writer")]
    [InlineData("write")]
    [InlineData("execute many")]
    [InlineData("exclusive")]
    [InlineData("checkpoint")]
    [InlineData("optimize")]
    [InlineData("vacuum")]
    public async Task A_wait_for_the_writer_connection_ends_with_the_cancellation(string verb)
    {
        using SqlitePoolConnection writer = OtherFlow.Run(() => _pool.RentWriter());
        await AssertStops(verb, () => _pool.Pools.Writers.Count().Waiting == 1);
    }

    [Theory]
    [InlineData("rent a writer")]
    [InlineData("command")]
    [InlineData("batch")]
    [InlineData("write")]
    [InlineData("execute")]
    [InlineData("execute, blocking")]
    [InlineData("execute many")]
    [InlineData("a verb of any data source")]
    [InlineData("queued function")]
    [InlineData("queued statement")]
    [InlineData("flush")]
    [InlineData("checkpoint")]
    [InlineData("optimize")]
    [InlineData("vacuum")]
    public async Task A_wait_for_the_write_gate_ends_with_the_cancellation(string verb)
    {
        // Of another pool, so that only the gate is in the way.
        using SqlitePool other = new(_database.Options());
        using SqlitePoolConnection writer = OtherFlow.Run(() => other.RentWriter());
        await AssertStops(verb, () => _gate.Waiting == 1);
    }

    [Theory]
    [InlineData("command")]
    [InlineData("batch")]
    [InlineData("write")]
    [InlineData("execute")]
    [InlineData("execute, blocking")]
    [InlineData("execute many")]
    [InlineData("a verb of any data source")]
    [InlineData("queued function")]
    [InlineData("queued statement")]
    [InlineData("flush")]
    [InlineData("checkpoint")]
    [InlineData("vacuum")]
    public async Task A_wait_for_the_lock_of_another_process_ends_with_the_cancellation(string verb)
    {
        using SqliteConnection outside = _database.OpenDirectly();
        outside.Run("begin immediate; insert into t values (0)");
        long entries = _gate.Entries;

        // Inside the gate only the lock is in its way.
        await AssertStops(verb, () => _gate.Entries > entries);
        outside.Run("rollback");
    }

    public void Dispose()
    {
        _pool.Dispose();
        _stop.Dispose();
        _database.Dispose();
    }

    private async Task AssertStops(string verb, Func<bool> isHeld)
    {
        Task run = OtherFlow.Run(() => Verbs[verb](_pool, _stop.Token));
        await Limit.Until(isHeld);
        await _stop.CancelAsync();
        OperationCanceledException exception = await Assert.ThrowsAsync<OperationCanceledException>(() =>
            run.Limited()
        );
        Assert.Equal(_stop.Token, exception.CancellationToken);
    }

    private static SqlitePoolBatch Batch(SqlitePool pool)
    {
        SqlitePoolBatch batch = pool.CreateBatch();
        batch.BatchCommands.Add(new SqlitePoolBatchCommand { CommandText = "insert into t values (1)" });
        return batch;
    }

    private static async Task<int> Insert(SqlitePoolConnection connection)
    {
        using SqlitePoolCommand command = connection.CreateCommand("insert into t values (1)");
        return await command.ExecuteNonQueryAsync();
    }
}
