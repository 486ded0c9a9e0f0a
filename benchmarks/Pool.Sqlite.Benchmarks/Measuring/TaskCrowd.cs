using System.Data.Common;
using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Asynchronous tasks that each repeat an operation the same number of times: how long until all have done
/// their share, how long did each wait, and is every acknowledged row there afterwards?</summary>
/// <param name="owned">Disposed with this object.</param>
/// <remarks>A fixed time instead of a fixed share would count it as speed when most tasks get nowhere and the others
/// are undisturbed. A fast contestant gets a multiple of the share, so that its pass is long enough to be
/// measured.</remarks>
internal sealed class TaskCrowd(CrowdPlan plan, string database, IDisposable owned, Func<int, Func<Task>> operation)
    : Work
{
    private const double ShortestPass = 0.4;
    private const int MostTimes = 100;

    private readonly Func<Task>[] _operations = [.. Enumerable.Range(0, plan.Tasks).Select(operation)];
    private int _times = 1;
    private long _acknowledged;

    public override void WarmUp(Effort effort, CancellationToken stop)
    {
        // A short run has no time for it: where callers sleep on a locked file, the smallest pass takes seconds.
        if (effort.Quotable)
        {
            long start = Stopwatch.GetTimestamp();
            Sample sample;
            do
            {
                Run(Share(effort, 0.25), stop);
                sample = Run(Share(effort, 0.25), stop);
            } while (Stopwatch.GetElapsedTime(start) < effort.CrowdWarmUp);

            double whole = Share(effort, 1) * plan.Tasks / sample.PerSecond;
            _times = (int)Math.Clamp(ShortestPass / whole, 1, MostTimes);
        }
    }

    public override Sample Run(Effort effort, CancellationToken stop) => Run(Share(effort, 1) * _times, stop);

    public override string? Finish()
    {
        Dispose();
        if (plan.RowsPerOperation == 0)
        {
            return null;
        }

        long expected = _acknowledged * plan.RowsPerOperation;
        long found = SampleDatabase.CountWritten(database);
        return found == expected ? null : $"{expected} rows acknowledged, {found} found";
    }

    public override void Dispose()
    {
        owned.Dispose();
        base.Dispose();
    }

    private int Share(Effort effort, double part) =>
        Math.Max(1, (int)(plan.Operations * effort.Share * part) / plan.Tasks);

    private Sample Run(int share, CancellationToken stop)
    {
        Collect();
        Tally[] tallies = Array.ConvertAll(_operations, _ => new Tally(stamps: true));
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        Task[] tasks = _operations
            .Select((one, i) => Task.Run(() => Repeat(one, share, tallies[i], stop), CancellationToken.None))
            .ToArray();
        Task.WaitAll(tasks, CancellationToken.None);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        stop.ThrowIfCancellationRequested();
        Sample sample = Tally.Sum(tallies, elapsed, allocated);
        _acknowledged += sample.Operations;
        return sample;
    }

    private static async Task Repeat(Func<Task> operation, int share, Tally tally, CancellationToken stop)
    {
        for (int i = 0; i < share && !stop.IsCancellationRequested; i++)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                await operation().ConfigureAwait(false);
                tally.Operations++;
            }
            catch (Exception error) when (error is DbException or TimeoutException or HttpRequestException)
            {
                tally.Fail(error);
            }

            tally.Latencies!.RecordValue(Tally.Limit(Stopwatch.GetTimestamp() - start));
        }
    }
}
