namespace Pool.Sqlite.Pooling;

/// <summary>
/// Waits that block the thread and keep their own time: the thread pool, on which the callbacks of timers run, may have
/// no thread to spare.
/// </summary>
internal static class Blocking
{
    // A clock that is not the machine's moves when it wants to: it is looked at this often.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>The result of a task that was told to block, and so is complete: without allocating.</summary>
    public static T Result<T>(ValueTask<T> task) =>
        task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();

    /// <summary>Waits until the task has ended, or a timestamp is reached. Does not throw what the task does.</summary>
    /// <returns>False when the time was up first.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static bool Wait(Task task, TimeProvider time, long dueAt, CancellationToken cancellationToken)
    {
        while (!task.IsCompleted)
        {
            TimeSpan left = Longest;
            if (dueAt != long.MaxValue)
            {
                left = time.GetElapsedTime(time.GetTimestamp(), dueAt);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }
            }

            // Rounded up to the timer's grain: rounded down it would spin through the last millisecond.
            double milliseconds = Math.Ceiling(Math.Min(left.TotalMilliseconds, Longest.TotalMilliseconds));
            try
            {
                task.Wait((int)milliseconds, cancellationToken);
            }
            catch (AggregateException)
            {
                return true;
            }
        }

        return true;
    }

    /// <summary>Pauses, blocking or not.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask Pause(
        bool async,
        TimeSpan delay,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        long dueAt = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task pause = Task.Delay(delay, time, over.Token);
        if (async || Wait(pause, time, dueAt, CancellationToken.None))
        {
            await pause.Exactly().ConfigureAwait(false);
            return;
        }

        // The timer goes with it.
        await over.CancelAsync().ConfigureAwait(false);
    }
}
