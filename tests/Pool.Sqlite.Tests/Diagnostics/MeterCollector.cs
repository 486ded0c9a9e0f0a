using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>
/// Listens to the meter of the process, and keeps what is said of one pool. A listener is everybody's: the tests that
/// look at what happens while nobody listens are in a collection with those that do.
/// </summary>
internal sealed class MeterCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(Instrument Instrument, double Value, string? State)> _heard = new();
    private readonly string _pool;

    public MeterCollector(string pool)
    {
        _pool = pool;
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Pool.Sqlite")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Asks what can be observed.</summary>
    public void Look() => _listener.RecordObservableInstruments();

    public double Last(string name, string? state = null) =>
        _heard.Last(one => one.Instrument.Name == name && one.State == state).Value;

    public double[] All(string name) => [.. _heard.Where(one => one.Instrument.Name == name).Select(one => one.Value)];

    public string? UnitOf(string name) => _heard.First(one => one.Instrument.Name == name).Instrument.Unit;

    public void Dispose() => _listener.Dispose();

    private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? state = null;
        bool isOurs = false;
        foreach ((string key, object? tag) in tags)
        {
            isOurs |= key == "db.client.connection.pool.name" && Equals(tag, _pool);
            state = key == "db.client.connection.state" ? (string?)tag : state;
        }

        if (isOurs)
        {
            _heard.Enqueue((instrument, value, state));
        }
    }
}
