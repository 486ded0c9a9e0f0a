using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>
/// What is secret in a connection string, or in a parameter, is in nothing that can be seen of a pool.
/// </summary>
[Collection(nameof(MeterCollector))]
public sealed class SecretsInDiagnosticsTests : DiagnosticsTest
{
    private const string Secret = "hunter2";

    private readonly ConcurrentQueue<string> _seen = new();

    [Fact]
    public async Task It_is_in_no_metric_span_log_lease_reason_or_advice()
    {
        using MeterListener meters = ListenToMeters();
        using ActivityListener spans = ListenToSpans();
        SqlitePoolOptions options = Database.Options(size: 1, overflow: 0);
        options.ConnectionString = $"Data Source=file:{Database.Path}?key={Secret}";
        options.LeakThreshold = TimeSpan.FromSeconds(5);
        await using (SqlitePool pool = new(options, Log, Time))
        {
            SqlitePoolConnection lease = await pool.RentAsync();
            using SqlitePoolCommand command = lease.CreateCommand("select $value");
            command.Parameters.AddWithValue("$value", Secret);
            Task<SqlitePoolConnection> waiting = Waiting(pool);
            using (command.ExecuteReader())
            {
                Time.Advance(TimeSpan.FromMinutes(3));
                See(pool);
            }

            await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => waiting.Limited());
            lease.Retire();
            lease.Dispose();
            await pool.Writes.ExecuteAsync($"create table t(value text check (length(value) > 9))").Limited();
            Assert.True(pool.Writes.TryPost($"insert into t values ({Secret})"));
            await pool.Writes.FlushAsync().Limited();
            meters.RecordObservableInstruments();
            See(pool);
        }

        _seen.Enqueue(Log.Text);
        Assert.Contains(_seen, text => text.Contains("posted to the write queue", StringComparison.Ordinal));
        Assert.Contains(_seen, text => text.Contains("LeakThreshold", StringComparison.Ordinal));
        Assert.Contains(_seen, text => text.Contains("db.client.connection.pool.name", StringComparison.Ordinal));
        Assert.All(_seen, text => Assert.DoesNotContain(Secret, text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Nor_is_a_password_when_the_open_fails()
    {
        using (SqlitePool pool = Pool(more: options => options.ConnectionString += $";Password={Secret}"))
        {
            Assert.ThrowsAny<Exception>(() => pool.Rent());
            See(pool);
        }

        _seen.Enqueue(Log.Text);
        Assert.All(_seen, text => Assert.DoesNotContain(Secret, text, StringComparison.Ordinal));
    }

    private void See(SqlitePool pool)
    {
        SqlitePoolHealth health = pool.GetHealth();
        foreach (
            object? text in (object?[])
                [health, .. health.Reasons, .. health.Advice, .. pool.GetLeases(), pool.GetStatistics()]
        )
        {
            _seen.Enqueue($"{text}");
        }
    }

    private MeterListener ListenToMeters()
    {
        MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Pool.Sqlite")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Hear(instrument, tags));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Hear(instrument, tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Hear(instrument, tags));
        listener.Start();
        return listener;
    }

    private void Hear(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _seen.Enqueue($"{instrument.Name} {instrument.Description} {string.Join(' ', tags.ToArray())}");

    private ActivityListener ListenToSpans()
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "Pool.Sqlite",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
                _seen.Enqueue($"{span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)}"),
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
