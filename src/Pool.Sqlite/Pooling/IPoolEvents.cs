namespace Pool.Sqlite.Pooling;

/// <summary>What a <see cref="LeasePool{T}"/> reports. No member may throw, and none is called under a lock.</summary>
internal interface IPoolEvents
{
    /// <summary>A rent had to wait for a permit, and the wait is over.</summary>
    /// <param name="waited">For how long.</param>
    /// <param name="outcome">How it ended.</param>
    void RentWaited(TimeSpan waited, WaitOutcome outcome);
}
