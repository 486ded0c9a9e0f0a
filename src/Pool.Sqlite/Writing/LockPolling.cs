using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Writing;

/// <summary>
/// The one way in which SQLite's locks are waited for: the call that met the lock is made again about every
/// millisecond. SQLite's own waiting would block the thread, and in some builds sleeps whole seconds.
/// </summary>
internal static class LockPolling
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    /// <summary>Lets some time pass before the next try. False when the deadline has passed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<bool> Pause(Deadline deadline, bool async, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!deadline.Allows(TimeSpan.Zero))
        {
            return false;
        }

        if (async)
        {
            await Cancellation.Delay(Interval, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            Thread.Sleep(Interval);
        }

        return true;
    }
}
