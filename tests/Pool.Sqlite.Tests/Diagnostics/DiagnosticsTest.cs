using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>
/// A database, a log, a clock, and a pool with a name that no other test has: meters and spans are the process's.
/// </summary>
public abstract class DiagnosticsTest : IDisposable
{
    private protected TempDatabase Database { get; } = new();

    private protected TestLog Log { get; } = new();

    private protected FakeTimeProvider Time { get; } = new();

    private protected string Name { get; } = $"pool {Guid.NewGuid():n}";

    public void Dispose()
    {
        Log.Dispose();
        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SqlitePool Pool(int size = 10, int overflow = 5, Action<SqlitePoolOptions>? more = null)
    {
        SqlitePoolOptions options = Database.Options(size, overflow);

        // The clock is the test's: nothing is slow by itself.
        options.SlowThreshold = new SqlitePoolOptions().SlowThreshold;
        options.Name = Name;
        more?.Invoke(options);
        return new SqlitePool(options, Log, Time);
    }

    /// <summary>A rent that has begun to wait when this comes back.</summary>
    private protected static Task<SqlitePoolConnection> Waiting(
        SqlitePool pool,
        CancellationToken cancellationToken = default
    )
    {
        Task<SqlitePoolConnection> waiting = pool.RentAsync(cancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);
        return waiting;
    }

    /// <summary>Writes so much that the WAL has more than 16 MiB.</summary>
    private protected static void WriteMuch(SqlitePool pool)
    {
        using SqlitePoolConnection connection = pool.Rent();
        connection.Run("create table if not exists big(value blob)");
        for (int i = 0; i < 18; i++)
        {
            connection.Run("insert into big values (zeroblob(1000000))");
        }
    }

    /// <summary>
    /// For <see cref="SqlitePoolOptions.ConnectionOpened"/>: each COMMIT takes a quarter of a second.
    /// </summary>
    private protected void SlowCommits(SqliteConnection connection) =>
        raw.sqlite3_commit_hook(
            connection.Handle,
            _ =>
            {
                Time.Advance(TimeSpan.FromSeconds(0.25));
                return 0;
            },
            null
        );

    private protected static SqlitePoolAdvice Advised(SqlitePool pool, string id) =>
        Assert.Single(pool.GetHealth().Advice, advice => advice.Id == id);

    private protected static void AssertSilent(SqlitePool pool, string id) =>
        Assert.DoesNotContain(pool.GetHealth().Advice, advice => advice.Id == id);

    private protected LogEntry Logged(int id) => Assert.Single(Log.Entries, entry => entry.Id == id);

    /// <summary>Writes that wait for the write gate together, for four seconds.</summary>
    protected async Task WriteAllAtOnce(SqlitePool pool, int writers)
    {
        await pool.ExecuteAsync($"create table if not exists t(value int)");
        SqlitePoolConnection writer = await pool.RentWriterAsync();
        Task[] writes =
        [
            .. Enumerable
                .Range(0, writers)
                .Select(i => Task.Run(() => pool.ExecuteAsync($"insert into t values ({i})"))),
        ];
        await Limit.Until(() => pool.GetStatistics().WriteGateWaiting + pool.GetStatistics().Waiting == writers);
        Time.Advance(TimeSpan.FromSeconds(4));
        writer.Dispose();
        await Task.WhenAll(writes).Limited();
    }
}
