using System.Diagnostics;
using System.Diagnostics.Metrics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>Who listens may throw: that is no affair of those who rent and write.</summary>
[Collection(nameof(MeterCollector))]
public sealed class ThrowingListenerTests : DiagnosticsTest
{
    private int _thrown;

    [Fact]
    public async Task A_listener_to_the_meter_that_throws_costs_no_permit_and_fails_no_write()
    {
        using SqlitePool pool = Pool(size: 1, overflow: 0);
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Pool.Sqlite" && !instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => ThrowIfOurs(tags));
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => ThrowIfOurs(tags));
        listener.SetMeasurementEventCallback<int>((_, _, tags, _) => ThrowIfOurs(tags));
        listener.Start();
        await UseAll(pool);
        Assert.True(_thrown > 5, $"{_thrown} measurements");
    }

    [Fact]
    public async Task A_listener_to_the_spans_that_throws_costs_no_permit_and_fails_no_write()
    {
        using SqlitePool pool = Pool(size: 1, overflow: 0);
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "Pool.Sqlite",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = span => ThrowIfOurs([.. span.TagObjects]),
            ActivityStopped = span => ThrowIfOurs([.. span.TagObjects]),
        };
        ActivitySource.AddActivityListener(listener);
        await UseAll(pool);
        Assert.True(_thrown > 1, $"{_thrown} spans");
    }

    private async Task UseAll(SqlitePool pool)
    {
        await pool.Writes.ExecuteAsync($"create table t(value)").Limited();
        await pool.Writes.ExecuteAsync($"insert into t values (1)").Limited();
        await pool.ExecuteManyAsync(
                "insert into t values ($value)",
                [
                    [2],
                    [3],
                ]
            )
            .Limited();
        Time.Advance(TimeSpan.FromSeconds(1));
        for (int i = 0; i < 3; i++)
        {
            SqlitePoolConnection connection = pool.Rent();
            Task<SqlitePoolConnection> waiting = Waiting(pool);
            connection.Dispose();
            using SqlitePoolConnection next = await waiting.Limited();
            Assert.Equal("3", next.Ask("select count(*) from t"));
        }

        Assert.Equal(0, pool.GetStatistics().InUse);
        Assert.Equal(0, pool.GetStatistics().Writes.Failures);
    }

    private void ThrowIfOurs(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (Equals(tag.Value, Name))
            {
                Interlocked.Increment(ref _thrown);
                throw new InvalidTimeZoneException("A listener's own fault.");
            }
        }
    }
}
