using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.WriteQueue;

/// <summary>What a write queue has done so far.</summary>
internal sealed class WriteCounters
{
    private long _batches;
    private long _items;
    private long _failures;
    private long _cancellations;
    private long _postFailures;
    private long _postsRefused;
    private long _retries;
    private int _largestBatch;
    private int _waitingForRoom;

    public DurationHistogram CommitTimes { get; } = new();

    public DurationHistogram RoomWaits { get; } = new();

    public void NoteSuccess() => Interlocked.Increment(ref _items);

    public void NoteFailure() => Interlocked.Increment(ref _failures);

    public void NoteCancellation() => Interlocked.Increment(ref _cancellations);

    public void NotePostFailure() => Interlocked.Increment(ref _postFailures);

    public void NotePostRefused() => Interlocked.Increment(ref _postsRefused);

    public void NoteRetry() => Interlocked.Increment(ref _retries);

    public void NoteWaitForRoom() => Interlocked.Increment(ref _waitingForRoom);

    /// <summary>The wait for room is over, whether there was any or not.</summary>
    public void NoteRoom(TimeSpan waited)
    {
        RoomWaits.Record(waited);
        Interlocked.Decrement(ref _waitingForRoom);
    }

    /// <summary>A commit; only the loop of the queue calls this.</summary>
    public void NoteBatch(int items, TimeSpan commit)
    {
        CommitTimes.Record(commit);
        Interlocked.Increment(ref _batches);
        if (items > _largestBatch)
        {
            Volatile.Write(ref _largestBatch, items);
        }
    }

    public SqlitePoolWriteQueueStatistics Read(int capacity, int queued) =>
        new()
        {
            Capacity = capacity,
            Queued = queued,
            WaitingForRoom = Volatile.Read(ref _waitingForRoom),
            Batches = Interlocked.Read(ref _batches),
            Items = Interlocked.Read(ref _items),
            LargestBatch = Volatile.Read(ref _largestBatch),
            Failures = Interlocked.Read(ref _failures),
            Cancellations = Interlocked.Read(ref _cancellations),
            PostFailures = Interlocked.Read(ref _postFailures),
            PostsRefused = Interlocked.Read(ref _postsRefused),
            Retries = Interlocked.Read(ref _retries),
            CommitTime = CommitTimes.Summarize(),
            RoomWaits = RoomWaits.Summarize(),
        };
}
