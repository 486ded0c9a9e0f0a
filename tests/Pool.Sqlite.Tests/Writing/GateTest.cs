using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>A database with a table, a pool on it, and words for what the tests of the write gate look at.</summary>
public abstract class GateTest : IDisposable
{
    private protected GateTest(
        TimeSpan? busyTimeout = null,
        TimeSpan? rentTimeout = null,
        int size = 10,
        int overflow = 5
    )
    {
        SqlitePoolOptions options = Database.Options(size, overflow);
        options.Pragmas.BusyTimeout = busyTimeout ?? TimeSpan.FromSeconds(30);
        options.RentTimeout = rentTimeout ?? TimeSpan.FromSeconds(30);
        Pool = new SqlitePool(options);
        using SqlitePoolConnection connection = Pool.Rent();
        connection.Run("create table t(id integer primary key, value)");
        connection.Run("create table rule(value int check (value > 0))");
    }

    private protected TempDatabase Database { get; } = new();

    private protected SqlitePool Pool { get; }

    private protected string? Count
    {
        get
        {
            using SqliteConnection direct = Database.OpenDirectly();
            return direct.Ask("select count(*) from t");
        }
    }

    public void Dispose()
    {
        Pool.Dispose();
        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// A write of another flow, on a lease of its own. It has begun to wait, or is done, when this comes back.
    /// </summary>
    private protected Task<int> Write(CancellationToken cancellationToken = default) =>
        OtherFlow.Run(() => WriteHere(cancellationToken));

    private async Task<int> WriteHere(CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = Pool.Rent(CancellationToken.None);
        return await connection
            .CreateCommand("insert into t(value) values ('by another')")
            .ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Nobody holds the gate: a write does not even have to wait.</summary>
    private protected void AssertFree()
    {
        Task<int> write = Write();
        Assert.True(write.IsCompletedSuccessfully, $"The gate is not free: {write.Status} {write.Exception}");
    }

    /// <summary>
    /// Nobody keeps the gate: a write goes in, at the latest when the thread has left that ran another's write for it,
    /// which is answered before that.
    /// </summary>
    private protected Task AssertComesFree() => Write().Limited();

    /// <summary>Somebody holds the gate: a write waits until it is cancelled.</summary>
    private protected async Task AssertHeld()
    {
        using CancellationTokenSource stop = new();
        Task<int> write = Write(stop.Token);
        Assert.False(write.IsCompleted, "The gate is free.");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.Limited());
    }

    /// <summary>Opens the pool's connections, so that no write has to wait for that.</summary>
    private protected void Warm(int connections)
    {
        List<SqlitePoolConnection> all = [.. Enumerable.Range(0, connections).Select(_ => Pool.Rent())];
        all.ForEach(connection => connection.Dispose());
    }
}
