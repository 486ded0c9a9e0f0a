using System.Diagnostics.Metrics;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>Rent and return on a pool of its own, with or without somebody who listens to its meter.</summary>
/// <remarks>A listener hears all pools of the process, and a pool looks for listeners once a second: so each worker has its
/// own of both, for the length of one pass.</remarks>
internal sealed class MeteredRentWorker : Worker
{
    private readonly MeterListener? _listener;
    private readonly ThisPool _pool;
    private long _heard;

    public MeteredRentWorker(string connectionString, bool listens)
    {
        if (listens)
        {
            _listener = new MeterListener
            {
                InstrumentPublished = static (instrument, listener) =>
                {
                    if (instrument.Meter.Name == "Pool.Sqlite")
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                },
            };
            _listener.SetMeasurementEventCallback<double>((_, _, _, _) => _heard++);
            _listener.Start();
        }

        _pool = new ThisPool(connectionString, threads: 1);
        _pool.OpenAndClose(1);
    }

    public override void Run(int count)
    {
        _pool.OpenAndClose(count);
        if (_listener is not null && _heard < count)
        {
            throw new InvalidOperationException("The listener has not heard of every return.");
        }
    }

    public override void Dispose()
    {
        _pool.Dispose();
        _listener?.Dispose();
        base.Dispose();
    }
}
