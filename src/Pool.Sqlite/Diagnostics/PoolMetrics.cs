using System.Diagnostics.Metrics;

namespace Pool.Sqlite.Diagnostics;

/// <summary>What one pool reports to the <see cref="PoolMeter"/>. Recording costs a field read while nobody listens.</summary>
/// <param name="name">The pool's name.</param>
/// <param name="minIdle">Its least number of idle connections.</param>
/// <param name="statistics">How it stands.</param>
/// <param name="walBytes">The size of its WAL.</param>
internal sealed class PoolMetrics(string name, int minIdle, Func<SqlitePoolStatistics> statistics, Func<long> walBytes)
{
    private static readonly KeyValuePair<string, object?> Idle = new("db.client.connection.state", "idle");
    private static readonly KeyValuePair<string, object?> Used = new("db.client.connection.state", "used");

    private readonly KeyValuePair<string, object?> _pool = new(PoolMeter.PoolNameAttribute, name);

    public static bool WantsUseTime => PoolMeter.UseTime.Enabled;

    public void RecordCreate(TimeSpan time) => PoolMeter.CreateTime.Record(time.TotalSeconds, _pool);

    public void RecordWait(TimeSpan time) => PoolMeter.WaitTime.Record(time.TotalSeconds, _pool);

    /// <summary>A lease came back. In seconds at once, since this runs at every return.</summary>
    public void RecordUse(double seconds) => PoolMeter.UseTime.Record(seconds, _pool);

    public void RecordWriteGateWait(TimeSpan time) => PoolMeter.WriteGateWaitTime.Record(time.TotalSeconds, _pool);

    /// <summary>A transaction that committed several writes together.</summary>
    /// <param name="items">How many writes.</param>
    /// <param name="commit">How long its COMMIT took.</param>
    public void RecordBatch(int items, TimeSpan commit)
    {
        PoolMeter.BatchSize.Record(items, _pool);
        PoolMeter.CommitTime.Record(commit.TotalSeconds, _pool);
    }

    public IEnumerable<Measurement<long>> Count()
    {
        SqlitePoolStatistics now = statistics();
        return [new Measurement<long>(now.Idle, _pool, Idle), new Measurement<long>(now.InUse, _pool, Used)];
    }

    public Measurement<long> MinIdle() => new(minIdle, _pool);

    public Measurement<long> WalSize() => new(walBytes(), _pool);

    public Measurement<long> Measure(Func<SqlitePoolStatistics, long> value) => new(value(statistics()), _pool);
}
