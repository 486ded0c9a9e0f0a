namespace Pool.Sqlite.Pooling;

/// <summary>Where the items of a <see cref="LeasePool{T}"/> come from and go to.</summary>
/// <remarks>Every member may block on the outside world; the pool calls none of them under a lock.</remarks>
internal interface ILeaseSource<T>
{
    /// <summary>True when even an item straight from a per-core slot must pass <see cref="Check"/>.</summary>
    bool ChecksEveryRent { get; }

    /// <summary>Opens one item, or throws.</summary>
    /// <param name="limit">How long it may wait for the locks of others at the most; infinite without a limit.</param>
    /// <param name="cancellationToken">Ends that wait.</param>
    T Open(TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>What was opened has its entry; by that a probe can be asked for later, from outside.</summary>
    void Opened(PoolEntry<T> entry) { }

    /// <summary>True when the same <see cref="Open"/> may succeed a moment later.</summary>
    bool IsTransient(Exception failure);

    /// <summary>The last look before an item is lent. False sends it away for the reason given. Never throws.</summary>
    /// <param name="item">The item, held by the caller alone.</param>
    /// <param name="probe">True when it was idle so long that it must show it still works.</param>
    /// <param name="reason">Why it must not be lent.</param>
    /// <param name="cause">What a hook threw, if that is why.</param>
    bool Check(T item, bool probe, out RetireReason reason, out Exception? cause);

    /// <summary>The health check of an idle item. Never throws.</summary>
    /// <returns>Why it must not be kept.</returns>
    RetireReason Probe(T item) => Check(item, probe: true, out RetireReason reason, out _) ? RetireReason.None : reason;

    /// <summary>
    /// True while an item holds what cannot be had back once it is closed: whatever speaks for closing it, it stays
    /// until the pool is closed. Never throws.
    /// </summary>
    bool MustKeep(T item) => false;

    /// <summary>Closes an item. Never throws.</summary>
    /// <param name="item">The item, held by the caller alone.</param>
    /// <param name="reason">Why.</param>
    /// <param name="last">True for the last item of a closing pool.</param>
    void Close(T item, RetireReason reason, bool last);

    /// <summary>
    /// Makes the exception of a rent that was refused for want of time or of room among the waiters, or of exclusive work.
    /// </summary>
    /// <param name="refusal">Why.</param>
    /// <param name="waited">How long the rent took.</param>
    /// <param name="cause">What the last check threw, when checks refused everything that was opened.</param>
    Exception RentRefused(RentRefusal refusal, TimeSpan waited, Exception? cause = null);

    /// <summary>Makes the exception of a rent from a closed pool.</summary>
    Exception Closed();

    /// <summary>Told that an open failed and will be tried again. Never throws.</summary>
    /// <param name="retry">From 1.</param>
    /// <param name="delay">After which.</param>
    void Retrying(int retry, TimeSpan delay) { }
}

/// <summary>Why nothing could be lent.</summary>
internal enum RentRefusal
{
    /// <summary>The deadline passed while waiting for a permit.</summary>
    TimedOutWaiting,

    /// <summary>The deadline of exclusive work passed while it waited for every permit. No rent was refused.</summary>
    TimedOutWaitingForAll,

    /// <summary>The deadline passed while an item was being opened.</summary>
    TimedOutOpening,

    /// <summary>The deadline passed while every item was refused by its check, the last time by a hook.</summary>
    RejectedByHook,

    /// <summary>The deadline passed while every item was refused by its check, the last time by its probe.</summary>
    RejectedByProbe,

    /// <summary>The deadline passed while everything that several pools may have open together was in use.</summary>
    BudgetUsedUp,

    /// <summary>As many as are allowed to wait were waiting already.</summary>
    TooManyWaiters,
}
