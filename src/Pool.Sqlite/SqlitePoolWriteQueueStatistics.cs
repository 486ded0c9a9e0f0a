namespace Pool.Sqlite;

/// <summary>
/// One look at a write queue. What is counted is counted since the pool was made, and exact once the queue is quiet.
/// Items that ran inside another item, and flushes, are not counted.
/// </summary>
public sealed record SqlitePoolWriteQueueStatistics
{
    /// <summary>How many items can wait: <see cref="SqlitePoolWriteQueueOptions.Capacity"/>.</summary>
    public required int Capacity { get; init; }

    /// <summary>How many wait at this moment; not those of the batch that is being written.</summary>
    public required int Queued { get; init; }

    /// <summary>How many callers wait at this moment for room in it.</summary>
    public required int WaitingForRoom { get; init; }

    /// <summary>
    /// How long callers waited for room in it, whether they got it or not; those that did not wait are not in it.
    /// </summary>
    public required DurationSummary RoomWaits { get; init; }

    /// <summary>How many transactions were committed.</summary>
    public required long Batches { get; init; }

    /// <summary>How many items were committed in them.</summary>
    public required long Items { get; init; }

    /// <summary>Items for each batch; 0 when there was none yet.</summary>
    public double MeanBatch => Batches == 0 ? 0 : (double)Items / Batches;

    /// <summary>The most items that were committed together.</summary>
    public required int LargestBatch { get; init; }

    /// <summary>How long the COMMIT of a batch took, waiting for other processes' readers included.</summary>
    public required DurationSummary CommitTime { get; init; }

    /// <summary>
    /// How many times the writing was begun again because another process was in the way for too long.
    /// </summary>
    public required long Retries { get; init; }

    /// <summary>
    /// How many items failed: by themselves, out of time, or because nothing could be written. Nothing of them is
    /// stored.
    /// </summary>
    public required long Failures { get; init; }

    /// <summary>How many of the failures were of posted items, which have no caller to tell.</summary>
    public required long PostFailures { get; init; }

    /// <summary>How many posts were refused because the queue was full or closed.</summary>
    public required long PostsRefused { get; init; }

    /// <summary>How many items were cancelled by their caller. Nothing of them is stored.</summary>
    public required long Cancellations { get; init; }
}
