namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>One way of writing rows, with its callers each awaiting its own commit. Times are in milliseconds.</summary>
internal sealed record QueueSeries(string Name, double OperationsPerSecond, double P50, double P99, double Worst)
{
    public long Acknowledged { get; init; }

    public long InDatabase { get; init; }

    public long Errors { get; init; }

    public string? FirstError { get; init; }

    public bool Correct => Acknowledged == InDatabase;
}

/// <summary>So many producers, through the driver's pool or a plain lease, and through the queue.</summary>
internal sealed record QueueComparison(int Producers, QueueSeries Other, QueueSeries Queue)
{
    public string Title => Producers == 1 ? "1 producer, FULL" : $"{Producers} producers, FULL";

    /// <summary>The queue's throughput, as a multiple of the other's.</summary>
    public double? Speed =>
        Other.OperationsPerSecond > 0 ? Queue.OperationsPerSecond / Other.OperationsPerSecond : null;

    /// <summary>The queue's longest wait, as a share of the other's.</summary>
    public double? Worst => Other.Worst > 0 ? Queue.Worst / Other.Worst : null;
}

/// <summary>Many items posted without waiting for them.</summary>
/// <param name="Refused">How often the queue was full, and the poster had to wait.</param>
/// <param name="MostGrowth">The most by which live memory was seen to grow meanwhile, in bytes.</param>
/// <param name="CapacityShare">What a full queue holds, in bytes: measured on a queue that is held up.</param>
internal sealed record PostResult(
    int Items, int Capacity, double Seconds, long Refused, long MostGrowth, long CapacityShare, long InDatabase)
{
    public bool Correct => Items == InDatabase;
}

/// <summary>The write queue against everything else.</summary>
/// <param name="FloorSeconds">All rows of <paramref name="FloorRows"/> in one hand-written transaction.</param>
/// <param name="QueueSeconds">The same rows through the queue, awaited all together.</param>
internal sealed record QueueResult(
    IReadOnlyList<QueueComparison> Comparisons, int FloorRows, double FloorSeconds, double QueueSeconds, PostResult Posted)
{
    public double TimesOfFloor => QueueSeconds / FloorSeconds;

    public bool Correct => Posted.Correct && Comparisons.All(one => one.Queue.Correct);

    public QueueComparison? Of(int producers) => Comparisons.FirstOrDefault(one => one.Producers == producers);
}
