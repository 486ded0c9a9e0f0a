using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using SQLitePCL;

namespace Pool.Sqlite.Writing;

/// <summary>
/// The one way in which SQLite's locks are waited for: the call that met the lock is made again about every
/// millisecond. SQLite's own waiting would block the thread, and in some builds sleeps whole seconds.
/// </summary>
internal static class LockPolling
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    /// <summary>Makes a call that SQLite answers with an exception, again and again while it meets a lock.</summary>
    /// <exception cref="SqliteException">Another error, or the deadline has passed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static T Run<T>(Func<T> call, Deadline deadline, CancellationToken cancellationToken)
    {
        for (; ; )
        {
            try
            {
                return call();
            }
            catch (SqliteException e)
                when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && deadline.Allows(TimeSpan.Zero))
            {
                Blocking.Result(Pause(deadline, async: false, cancellationToken));
            }
        }
    }

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
