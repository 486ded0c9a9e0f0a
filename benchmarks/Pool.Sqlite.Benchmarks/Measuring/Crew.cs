using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>A number of dedicated threads that run one series for a given time, started together.</summary>
internal sealed class Crew : IDisposable
{
    private const int TinyBatch = 1_000;
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly Worker[] _workers;
    private readonly bool _tiny;
    private volatile bool _over;

    public Crew(Series series, int threads)
    {
        _tiny = series.Tiny;
        _workers = [.. Enumerable.Range(0, threads).Select(series.CreateWorker)];
    }

    /// <summary>Runs for <paramref name="duration"/>. With <paramref name="stampEach"/> also tiny operations are
    /// stamped one by one.</summary>
    public Pass Run(TimeSpan duration, bool stampEach, CancellationToken stop)
    {
        _over = false;
        using var ready = new CountdownEvent(_workers.Length);
        using var go = new ManualResetEventSlim();
        var tallies = Array.ConvertAll(_workers, _ => new Tally());
        var batch = _tiny && !stampEach ? TinyBatch : 1;
        var threads = _workers.Select((worker, i) => new Thread(() => Work(worker, tallies[i], batch, ready, go))
        {
            IsBackground = true,
            Name = "benchmark " + i,
        }).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        ready.Wait(CancellationToken.None);

        // What the contender before left behind is not to be collected at the expense of this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        go.Set();
        stop.WaitHandle.WaitOne(duration);
        _over = true;
        var elapsed = Stopwatch.GetElapsedTime(start);
        Array.ForEach(threads, thread => thread.Join());
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        stop.ThrowIfCancellationRequested();
        return Pass.From(tallies, elapsed, allocated);
    }

    public void Dispose() => Array.ForEach(_workers, worker => worker.Dispose());

    private void Work(Worker worker, Tally tally, int batch, CountdownEvent ready, ManualResetEventSlim go)
    {
        ready.Signal();
        go.Wait();
        var last = Stopwatch.GetTimestamp();
        while (!_over)
        {
            try
            {
                worker.Run(batch);
                tally.Attempted += batch;
                // What ends after the gong is not counted as throughput, but its latency is recorded.
                tally.Completed += _over ? 0 : batch;
            }
            catch (Exception error)
            {
                // A contender that fails under load is a result, not a reason to stop measuring.
                tally.Fail(error);
            }

            // One reading both ends an operation and begins the next.
            var now = Stopwatch.GetTimestamp();
            tally.Latencies.Record((long)((now - last) * NanosecondsPerTick / batch));
            last = now;
        }
    }
}
