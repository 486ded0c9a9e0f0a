using System.Diagnostics.CodeAnalysis;

namespace Pool.Sqlite.Pooling;

/// <summary>What the parts of one pool share.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing to be given back.")]
internal sealed class PoolState<T>(ILeaseSource<T> source, LeasePoolOptions options, TimeProvider time)
{
    private readonly CancellationTokenSource _closing = new();

    public ILeaseSource<T> Source => source;

    public LeasePoolOptions Options => options;

    public TimeProvider Time => time;

    /// <summary>Every entry that exists.</summary>
    public EntryRegistry<T> Entries { get; } = new();

    public LeaseCounters Counters { get; } = new();

    /// <summary>True from the moment at which no entry is opened any more.</summary>
    public bool IsClosed => Entries.IsClosed;

    /// <summary>Cancelled when the pool is closed.</summary>
    public CancellationToken Closing => _closing.Token;

    public void Close()
    {
        Entries.Close();

        // Not on this thread, which would go on with what follows the pauses that this ends.
        _ = _closing.CancelAsync();
    }

    /// <summary>
    /// The one place that decides whether an entry leaves the pool. Answers why; <see cref="RetireReason.None"/> when it
    /// stays.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="reason">What its last lease, or a check, has against it.</param>
    public RetireReason WhyRetire(PoolEntry<T> entry, RetireReason reason = RetireReason.None)
    {
        if (IsClosed)
        {
            return reason == RetireReason.None ? RetireReason.Closing : reason;
        }

        reason = reason == RetireReason.None ? entry.RetireReason : reason;
        if (reason == RetireReason.None && entry.HasExpired(time.GetTimestamp()))
        {
            reason = RetireReason.Age;
        }

        return reason != RetireReason.None && source.MustKeep(entry.Value) ? RetireReason.None : reason;
    }

    /// <summary>
    /// As <see cref="EntryRegistry{T}.TryBeginClose"/>, for an entry that is only closed since there are enough others.
    /// </summary>
    public bool TryBeginClose(PoolEntry<T> entry, int floor) =>
        !source.MustKeep(entry.Value) && Entries.TryBeginClose(entry, floor);

    /// <summary>
    /// How long an open may take: a timeout of zero refuses to wait for others, not to open where there is room.
    /// </summary>
    public Deadline OpenDeadline(Deadline deadline) =>
        deadline.Timeout == TimeSpan.Zero ? new Deadline(time, Timeout.InfiniteTimeSpan) : deadline;

    /// <summary>The error of a rent whose time is up, which is counted.</summary>
    public Exception Refused(RentRefusal refusal, TimeSpan waited, Exception? cause = null)
    {
        Counters.NoteTimeout();
        return source.RentRefused(refusal, waited, cause);
    }

    /// <summary>The error of a rent that was cancelled, which is counted.</summary>
    public OperationCanceledException Canceled(CancellationToken cancellationToken)
    {
        Counters.NoteCancellation();
        return new OperationCanceledException(cancellationToken);
    }
}
