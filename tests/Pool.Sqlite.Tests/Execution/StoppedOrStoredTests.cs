using System.Data.Common;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>What is reported as stopped is not stored, and what is stored is not reported as stopped.</summary>
public sealed class StoppedOrStoredTests : IDisposable
{
    // SQLite asks every thousand steps whether it is to stop, and these have a few each: of some it asks once they have
    // ended.
    private const int Writes = 1_500;

    private readonly TempDatabase _database = new();
    private CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _stop.Dispose();
        _database.Dispose();
    }

    [Fact]
    public Task A_write() =>
        IsStoredUnlessStopped((lease, i) => Insert(lease, i, "").ExecuteNonQueryAsync(_stop.Token));

    [Fact]
    public Task A_write_with_returning() =>
        IsStoredUnlessStopped((lease, i) => Insert(lease, i, "returning value").ExecuteScalarAsync(_stop.Token));

    [Fact]
    public Task A_write_whose_rows_are_read() =>
        IsStoredUnlessStopped(
            async (lease, i) =>
            {
                await using SqlitePoolCommand command = Insert(lease, i, "returning value, value + 1");
                await using DbDataReader reader = await command.ExecuteReaderAsync(_stop.Token);
                Assert.True(await reader.ReadAsync(CancellationToken.None));
                Assert.Equal(i + 1, reader.GetInt32(1));
            }
        );

    [Fact]
    public Task A_transaction() =>
        IsStoredUnlessStopped(
            async (lease, i) =>
            {
                await using SqlitePoolTransaction transaction = await lease.BeginTransactionAsync();
                await Insert(lease, i, "").ExecuteNonQueryAsync();
                await transaction.CommitAsync(_stop.Token);
            }
        );

    private static SqlitePoolCommand Insert(SqlitePoolConnection lease, int value, string returning)
    {
        SqlitePoolCommand command = lease.CreateCommand($"insert into t(value) values ($value) {returning}");
        command.Parameters.AddWithValue("$value", value);
        return command;
    }

    private async Task IsStoredUnlessStopped(Func<SqlitePoolConnection, int, Task> write)
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.Synchronous = SynchronousMode.Off;
        options.ConnectionOpened = connection => raw.sqlite3_commit_hook(connection.Handle, _ => StopNow(), null);
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Run("create table t(value)");
        List<int> expected = [];
        for (int i = 0; i < Writes; i++)
        {
            _stop.Dispose();
            _stop = new CancellationTokenSource();
            try
            {
                await write(lease, i);
                expected.Add(i);
            }
            catch (OperationCanceledException) { }
        }

        using SqlitePoolCommand stored = lease.CreateCommand("select value from t order by value");
        using DbDataReader reader = await stored.ExecuteReaderAsync();
        List<int> actual = [];
        while (await reader.ReadAsync())
        {
            actual.Add(reader.GetInt32(0));
        }

        Assert.Equal(expected, actual);
    }

    private int StopNow()
    {
        _stop.Cancel();
        return 0;
    }
}
