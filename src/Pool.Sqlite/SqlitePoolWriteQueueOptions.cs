namespace Pool.Sqlite;

/// <summary>The settings of a pool's write queue, <see cref="SqlitePool.Writes"/>.</summary>
public sealed class SqlitePoolWriteQueueOptions
{
    /// <summary>
    /// The number of items that may wait. Default 10,000. When it is full, an enqueue waits for room without a thread,
    /// and a post is refused: the memory of the queue is bounded, and a producer that is too fast is slowed down.
    /// </summary>
    public int Capacity { get; set; } = 10_000;

    /// <summary>
    /// The most items that are written in one transaction. Default 1,000: the cost of a commit is spread thin by then,
    /// and other writers, whose turn comes between two batches, wait for milliseconds.
    /// </summary>
    public int MaxBatchSize { get; set; } = 1_000;

    /// <summary>
    /// The time that a batch waits for more items. Default zero: it takes whatever has queued up while the last one was
    /// written. More saves commits where items trickle in and no caller waits for them (posts), and delays each by up
    /// to this. A full batch, a flush and a close don't wait. At most a day.
    /// </summary>
    public TimeSpan MaxBatchDelay { get; set; }

    /// <summary>
    /// The limit for an item to wait for its turn; then it fails with a <see cref="TimeoutException"/> and never runs.
    /// Default <see cref="Timeout.InfiniteTimeSpan"/>: a long queue that moves is no failure, and when nothing can be
    /// written at all, the items fail after <see cref="SqlitePoolOptions.RentTimeout"/> anyway, with the reason.
    /// </summary>
    public TimeSpan ItemTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// When the commits of the queue wait for the disk. Default null: as <see cref="SqlitePragmas.Synchronous"/>. The
    /// queue has a connection of its own, so <see cref="SynchronousMode.Full"/> here makes its commits, and only those,
    /// survive a power failure. Without effect on a memory database.
    /// </summary>
    public SynchronousMode? Synchronous { get; set; }

    internal SqlitePoolWriteQueueOptions Clone() => (SqlitePoolWriteQueueOptions)MemberwiseClone();
}
