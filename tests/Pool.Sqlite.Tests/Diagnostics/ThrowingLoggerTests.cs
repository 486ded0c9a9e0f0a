using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>Somebody's log may be broken: that is no affair of those who rent and write.</summary>
public sealed class ThrowingLoggerTests : IDisposable, ILoggerFactory, ILogger
{
    private readonly TempDatabase _database = new();
    private int _thrown;

    [Fact]
    public async Task It_costs_no_permit_and_no_gate_and_hangs_no_close()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.SlowThreshold = TimeSpan.Zero;
        SqlitePool pool = new(options, this);
        await pool.ExecuteAsync($"create table t(value)").Limited();
        pool.Writes.TryPost($"insert into missing values (1)");
        for (int i = 0; i < 3; i++)
        {
            // Rolled back with a line; and one that waits for the gate has a line as well.
            SqlitePoolConnection connection = await pool.RentAsync().AsTask().Limited();
            connection.BeginTransaction();
            Task<SqlitePoolConnection> waiting = OtherFlow.Run(() => pool.RentWriterAsync().AsTask());
            connection.Dispose();
            using SqlitePoolConnection writer = await waiting.Limited();
            writer.Run("insert into t values (1)");
        }

        Assert.Equal(1, await pool.ExecuteAsync($"insert into t values (2)").Limited());
        await pool.DisposeAsync().AsTask().Limited();
        Assert.True(_thrown >= 7, $"{_thrown} lines");
    }

    public void Dispose() => _database.Dispose();

    void ILoggerFactory.AddProvider(ILoggerProvider provider) { }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        Interlocked.Increment(ref _thrown);
        throw new InvalidTimeZoneException("A logger's own fault.");
    }
}
