namespace Pool.Sqlite.Writing;

/// <summary>
/// Stands for a commit whose caller is not to be answered before it is durable. Taken where a write ends, while the
/// gate is still held; waited for after the gate has passed on. The default stands for a commit that is as durable as
/// it will be.
/// </summary>
internal readonly struct CommitTicket(GroupCommit? group, long number)
{
    /// <summary>True when there is nothing to wait for.</summary>
    public bool IsDurable => group is null || group.IsDurable(number);

    /// <summary>Waits until the commit is durable.</summary>
    /// <param name="async">False blocks the thread.</param>
    /// <param name="cancellationToken">Ends the wait, not the commit.</param>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">
    /// The disk refused: the commit is visible, but may not survive a power failure.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the commit is in the database.</exception>
    public ValueTask Wait(bool async, CancellationToken cancellationToken = default)
    {
        if (group is null)
        {
            return ValueTask.CompletedTask;
        }

        // A sync blocks its thread, which other work of the thread pool may be waiting for.
        bool leads = !async || !Thread.CurrentThread.IsThreadPoolThread || ThreadPool.PendingWorkItemCount == 0;
        return group.Wait(number, async, leads, cancellationToken);
    }

    /// <summary>As <see cref="Wait"/>, asynchronously, and with the sync on another thread in any case.</summary>
    public ValueTask WaitInBackground() =>
        group is null ? ValueTask.CompletedTask : group.Wait(number, async: true, leads: false, CancellationToken.None);
}
