using System.Runtime.InteropServices;
using Pool.Sqlite;

// A trading bot: prices arrive all the time, signals now and then. Every write goes through the queue, so nothing is
// ever locked: prices are posted (nobody waits for one), signals are awaited (stored before the bot acts on them).
string file = args is [{ } path, ..] ? path : "signals.db";
int ticks = args is [_, { } count, ..] ? int.Parse(count, System.Globalization.CultureInfo.InvariantCulture) : 20_000;

SqlitePoolOptions options = new()
{
    ConnectionString = $"Data Source={file}",
    Name = "signals",
    Pragmas = { Additional = { ["auto_vacuum"] = "INCREMENTAL" } },
    Writes = { Capacity = 50_000, Synchronous = SynchronousMode.Full },
};
await using SqlitePool pool = new(options);
using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
pool.Writes.PostFailed += (_, failure) => Console.Error.WriteLine($"Not stored: {failure.Exception.Message}");

await pool.Writes.EnqueueAsync(connection =>
{
    using SqlitePoolCommand create = connection.CreateCommand(
        """
        create table if not exists price (at integer not null, symbol text not null, value real not null);
        create table if not exists signal (id integer primary key, at integer not null, symbol text not null, side text not null);
        """
    );
    create.ExecuteNonQuery();
});

Dictionary<string, double> last = new()
{
    ["BTC"] = 100,
    ["ETH"] = 50,
    ["SOL"] = 10,
};
Random random = new(1);
long signals = 0;
int tick = 0;
for (; tick < ticks && !stop.IsCancellationRequested; tick++)
{
    string symbol = last.Keys.ElementAt(tick % last.Count);
    double value = last[symbol] * (1 + ((random.NextDouble() - 0.5) / 50));
    while (!pool.Writes.TryPost($"insert into price (at, symbol, value) values ({tick}, {symbol}, {value})"))
    {
        await pool.Writes.FlushAsync(); // Full: prices come faster than the disk takes them.
    }

    if (value > last[symbol] * 1.0095)
    {
        signals = await pool.Writes.EnqueueAsync(connection =>
        {
            using SqlitePoolCommand insert = connection.CreateCommand(
                "insert into signal (at, symbol, side) values ($at, $symbol, 'buy') returning id"
            );
            insert.Parameters.AddWithValue("$at", tick);
            insert.Parameters.AddWithValue("$symbol", symbol);
            return (long)insert.ExecuteScalar()!;
        });
    }

    last[symbol] = value;
}

await pool.Writes.FlushAsync();
await pool.Writes.EnqueueAsync(connection =>
{
    using SqlitePoolCommand forget = connection.CreateCommand("delete from price where at < $before");
    forget.Parameters.AddWithValue("$before", tick / 2);
    forget.ExecuteNonQuery();
});
using (SqlitePoolConnection lease = await pool.RentAsync())
{
    using SqlitePoolCommand shrink = lease.CreateCommand("pragma incremental_vacuum");
    await shrink.ExecuteNonQueryAsync();
}

SqlitePoolHealth health = pool.GetHealth();
SqlitePoolWriteQueueStatistics queue = health.Statistics.Writes;
Console.WriteLine(
    $"{queue.Items} writes in {queue.Batches} commits, {signals} signals, {queue.Failures} failures, {health.Status}"
);

// Ends the loop: what was accepted is committed, and the pool is closed.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
