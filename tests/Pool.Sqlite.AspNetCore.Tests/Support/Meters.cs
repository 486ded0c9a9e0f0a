using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>Listens to what the meter says of one pool.</summary>
internal sealed class Meters : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _values = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly string _poolName;

    public Meters(string poolName)
    {
        _poolName = poolName;
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Pool.Sqlite")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, 0, tags));
        _listener.Start();
    }

    /// <summary>Asks the instruments that are observed.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    /// <summary>The last value, by instrument and, where there is one, state.</summary>
    public long Value(string instrument, string state = "") => _values[instrument + state];

    /// <summary>How often something was recorded.</summary>
    public long Count(string instrument) => _counts.GetValueOrDefault(instrument);

    /// <summary>All that was recorded, added up.</summary>
    public long Sum(string instrument) => _sums.GetValueOrDefault(instrument);

    public void Dispose() => _listener.Dispose();

    private void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string state = "";
        bool isOurs = false;
        foreach ((string key, object? tag) in tags)
        {
            isOurs |= key == "db.client.connection.pool.name" && Equals(tag, _poolName);
            state = key == "db.client.connection.state" ? $"{tag}" : state;
        }

        if (isOurs)
        {
            _values[instrument.Name + state] = value;
            _counts.AddOrUpdate(instrument.Name, 1, static (_, count) => count + 1);
            _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
        }
    }
}
