using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// How long the opening of a connection may wait for the locks of others, within <c>busy_timeout</c>.
/// </summary>
/// <param name="limit">Infinite without a limit.</param>
/// <param name="token">Ends the wait.</param>
internal sealed class OpeningWait(TimeSpan limit, CancellationToken token)
{
    private readonly Deadline _deadline = new(TimeProvider.System, limit);

    public static OpeningWait Unlimited => new(Timeout.InfiniteTimeSpan, CancellationToken.None);

    public CancellationToken Token => token;

    public TimeSpan Remaining => _deadline.Remaining;

    /// <summary>What is left of it, at most <c>busy_timeout</c>.</summary>
    public int Milliseconds(int busyTimeout) =>
        limit == Timeout.InfiniteTimeSpan
            ? busyTimeout
            : (int)Math.Min(busyTimeout, Math.Ceiling(_deadline.Remaining.TotalMilliseconds));
}
