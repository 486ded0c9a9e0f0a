namespace Pool.Sqlite.Pooling;

/// <summary>Work that is run again while what was in its way may pass.</summary>
internal static class Retry
{
    /// <summary>
    /// Runs it until it succeeds, or fails in a way that the next try would meet again. The pauses between grow, and none
    /// of them ends after the deadline: the last failure is thrown instead.
    /// </summary>
    /// <param name="mayPass">Whether the work may succeed after that failure.</param>
    /// <param name="work">The work.</param>
    /// <param name="deadline">When no more tries begin.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="cancellationToken">Ends the pauses.</param>
    /// <param name="sumUp">
    /// What is thrown after several tries, in place of the last failure: that knows only how long its own try took.
    /// </param>
    /// <exception cref="OperationCanceledException">The token was cancelled in a pause.</exception>
    public static async Task<T> While<T>(
        Func<Exception, bool> mayPass,
        Func<Task<T>> work,
        Deadline deadline,
        TimeProvider time,
        CancellationToken cancellationToken,
        Func<Exception, int, TimeSpan, Exception>? sumUp = null
    )
    {
        for (int retry = 0; ; retry++)
        {
            TimeSpan pause = Backoff.Delay(retry);
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (Exception e) when (mayPass(e))
            {
                if (!deadline.Allows(pause))
                {
                    if (retry == 0 || sumUp is null)
                    {
                        throw;
                    }

                    throw sumUp(e, retry + 1, deadline.Elapsed);
                }

                await Cancellation.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs it until it succeeds, blocking the thread in the pauses as well.</summary>
    public static T While<T>(
        Func<Exception, bool> mayPass,
        Func<T> work,
        Deadline deadline,
        TimeProvider time,
        CancellationToken cancellationToken,
        Func<Exception, int, TimeSpan, Exception>? sumUp = null
    )
    {
        for (int retry = 0; ; retry++)
        {
            TimeSpan pause = Backoff.Delay(retry);
            try
            {
                return work();
            }
            catch (Exception e) when (mayPass(e))
            {
                if (!deadline.Allows(pause))
                {
                    if (retry == 0 || sumUp is null)
                    {
                        throw;
                    }

                    throw sumUp(e, retry + 1, deadline.Elapsed);
                }

                Blocking.Pause(async: false, pause, time, cancellationToken).AsTask().GetAwaiter().GetResult();
            }
        }
    }
}
