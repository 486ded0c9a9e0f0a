using System.Diagnostics.Metrics;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// The measurements of one pool, for <see cref="PoolMeter"/>. Without a listener, recording costs a field read.
/// </summary>
/// <param name="name">The pool's name.</param>
/// <param name="minIdle">Its least number of idle connections.</param>
/// <param name="statistics">How it stands.</param>
/// <param name="walBytes">The size of its WAL.</param>
internal sealed class PoolMetrics(string name, int minIdle, Func<SqlitePoolStatistics> statistics, Func<long> walBytes)
    : IGroupCommitEvents
{
    private static readonly KeyValuePair<string, object?> Idle = new("db.client.connection.state", "idle");
    private static readonly KeyValuePair<string, object?> Used = new("db.client.connection.state", "used");

    private readonly KeyValuePair<string, object?> _pool = new(PoolMeter.PoolNameAttribute, name);

    public static bool WantsUseTime => PoolMeter.UseTime.Enabled;

    public void RecordCreate(TimeSpan time) => Record(PoolMeter.CreateTime, time.TotalSeconds);

    public void RecordWait(TimeSpan time) => Record(PoolMeter.WaitTime, time.TotalSeconds);

    /// <summary>A lease came back. In seconds at once, since this runs at every return.</summary>
    public void RecordUse(double seconds) => Record(PoolMeter.UseTime, seconds);

    public void RecordWriteGateWait(TimeSpan time) => Record(PoolMeter.WriteGateWaitTime, time.TotalSeconds);

    /// <summary>A transaction that committed several writes together.</summary>
    /// <param name="items">How many writes.</param>
    /// <param name="commit">How long its COMMIT took.</param>
    public void RecordBatch(int items, TimeSpan commit)
    {
        Record(PoolMeter.BatchSize, items);
        Record(PoolMeter.CommitTime, commit.TotalSeconds);
    }

    void IGroupCommitEvents.Synced(long commits, TimeSpan time)
    {
        Record(PoolMeter.SyncTime, time.TotalSeconds);
        Record(PoolMeter.SyncCommits, commits);
    }

    // Counted with the statistics.
    void IGroupCommitEvents.SyncFailed(Exception failure) { }

    public IEnumerable<Measurement<long>> Count()
    {
        SqlitePoolStatistics now = statistics();
        return [new Measurement<long>(now.Idle, _pool, Idle), new Measurement<long>(now.InUse, _pool, Used)];
    }

    public Measurement<long> MinIdle() => new(minIdle, _pool);

    public Measurement<long> WalSize() => new(walBytes(), _pool);

    public Measurement<long> Measure(Func<SqlitePoolStatistics, long> value) => new(value(statistics()), _pool);

    // A listener is foreign code: an exception of it must not cost a permit, nor make a stored write look failed.
    private void Record<T>(Histogram<T> histogram, T value)
        where T : struct
    {
        try
        {
            histogram.Record(value, _pool);
        }
        // An exception of a listener cannot be reported.
        catch { }
    }
}
