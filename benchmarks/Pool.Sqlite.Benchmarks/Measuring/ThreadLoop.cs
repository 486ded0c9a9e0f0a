using System.Diagnostics;
using HdrHistogram;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Dedicated threads, started together, that repeat an operation for a given time.</summary>
/// <param name="batch">Operations between two looks at the clock; with 1, each one's latency is recorded.</param>
/// <param name="worker">Makes what thread number n runs: a loop over so many operations.</param>
/// <param name="owned">Disposed with this object.</param>
internal sealed class ThreadLoop(int threads, int batch, Func<int, Action<int>> worker, IDisposable? owned) : Work
{
    private readonly Action<int>[] _workers = [.. Enumerable.Range(0, threads).Select(worker)];
    private volatile bool _over;

    public override void WarmUp(Effort effort, CancellationToken stop) => Run(effort.WarmUp, stop);

    public override Sample Run(Effort effort, CancellationToken stop) => Run(effort.Pass, stop);

    public override void Dispose()
    {
        owned?.Dispose();
        base.Dispose();
    }

    private Sample Run(TimeSpan duration, CancellationToken stop)
    {
        _over = false;
        using CountdownEvent ready = new(threads);
        using ManualResetEventSlim go = new();
        Tally[] tallies = Array.ConvertAll(_workers, _ => new Tally(batch == 1));
        Thread[] running = _workers
            .Select(
                (work, i) =>
                    new Thread(() =>
                    {
                        ready.Signal();
                        go.Wait();
                        Work(work, tallies[i]);
                    })
                    {
                        IsBackground = true,
                    }
            )
            .ToArray();
        Array.ForEach(running, thread => thread.Start());
        ready.Wait(CancellationToken.None);

        Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        go.Set();
        stop.WaitHandle.WaitOne(duration);
        _over = true;
        Array.ForEach(running, thread => thread.Join());
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        stop.ThrowIfCancellationRequested();
        return Tally.Sum(tallies, elapsed, allocated);
    }

    private void Work(Action<int> work, Tally tally)
    {
        long last = Stopwatch.GetTimestamp();
        while (!_over)
        {
            try
            {
                work(batch);
                tally.Operations += batch;
            }
            catch (Exception error)
            {
                tally.Fail(error);
            }

            if (tally.Latencies is { } latencies)
            {
                // One reading both ends an operation and begins the next.
                long now = Stopwatch.GetTimestamp();
                latencies.RecordValue(Tally.Limit(now - last));
                last = now;
            }
        }
    }
}
