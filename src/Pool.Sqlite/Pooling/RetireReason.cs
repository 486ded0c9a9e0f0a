namespace Pool.Sqlite.Pooling;

/// <summary>Why an item leaves the pool for good.</summary>
internal enum RetireReason
{
    /// <summary>It does not: it can be lent again.</summary>
    None,

    /// <summary>It reached its lifetime.</summary>
    Age,

    /// <summary>It was idle for longer than the base size is kept.</summary>
    Idle,

    /// <summary>It was beyond the base size, and idle for OverflowIdleTimeout.</summary>
    Overflow,

    /// <summary>It was open when the pool was cleared, or before exclusive work.</summary>
    Clear,

    /// <summary>Its holder, or a hook, asked for it.</summary>
    Retired,

    /// <summary>It failed its health check.</summary>
    Unhealthy,

    /// <summary>What its last lease left behind could not be put right with certainty.</summary>
    Unclean,

    /// <summary>Another rent wanted its place in the budget that several pools share.</summary>
    Budget,

    /// <summary>The pool is closing.</summary>
    Closing,
}
