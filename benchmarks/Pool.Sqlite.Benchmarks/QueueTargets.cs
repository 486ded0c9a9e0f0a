using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks;

/// <summary>What was aimed at for the write queue.</summary>
internal static class QueueTargets
{
    public static IEnumerable<Target> Judge(QueueResult? queue) =>
    [
        .. Crowd(queue, 16, speed: 8),
        .. Crowd(queue, 64, speed: 20),
        new Target("queue, 1 producer: time, against a plain lease",
            queue?.Of(1)?.Speed is { } speed and > 0 ? 1 / speed : null, "x", AtMost: true, 1.3),
        new Target("queue, posted items: memory grown, against what a full queue holds",
            queue is null ? null : Math.Max(0, (double)queue.Posted.MostGrowth / queue.Posted.CapacityShare), "x", AtMost: true, 1.1),
        new Target("queue: rows missing or too many",
            queue is null ? null : queue.Comparisons.Sum(one => Math.Abs(one.Queue.InDatabase - one.Queue.Acknowledged))
                + Math.Abs(queue.Posted.InDatabase - queue.Posted.Items), "", AtMost: true, 0),
    ];

    private static IEnumerable<Target> Crowd(QueueResult? queue, int producers, double speed)
    {
        var found = queue?.Of(producers);
        yield return new Target(
            $"queue, {producers} producers, FULL: speed, against the driver's pool", found?.Speed, "x", AtMost: false, speed);
        yield return new Target(
            $"queue, {producers} producers, FULL: longest wait, against the driver's pool",
            found?.Worst, "x", AtMost: true, 1.0 / 50);
    }
}
