namespace Pool.Sqlite.WriteQueue;

/// <summary>Fails the items that have waited for longer than ItemTimeout.</summary>
internal sealed class ItemExpiry(string poolName, TimeSpan itemTimeout, TimeProvider time, WriteBacklog backlog)
{
    public bool IsDue(WriteItem item) =>
        item.IsWaiting && itemTimeout != Timeout.InfiniteTimeSpan && time.GetElapsedTime(item.ArrivedAt) >= itemTimeout;

    public TimeoutException WaitedTooLong() =>
        new(
            $"Pool '{poolName}': the write waited in the queue for longer than ItemTimeout, {itemTimeout}, and was not run. "
                + $"{backlog.Count} others wait."
        );

    /// <summary>Waits for something; meanwhile the items whose time is up fail.</summary>
    public async ValueTask<T> During<T>(ValueTask<T> pending)
    {
        if (pending.IsCompleted || itemTimeout == Timeout.InfiniteTimeSpan)
        {
            return await pending.ConfigureAwait(false);
        }

        Task<T> task = pending.AsTask();
        while (!task.IsCompleted)
        {
            using CancellationTokenSource done = new();
            await Task.WhenAny(task, Task.Delay(FailDue(), time, done.Token)).ConfigureAwait(false);
            await done.CancelAsync().ConfigureAwait(false);
        }

        return await task.ConfigureAwait(false);
    }

    /// <summary>Fails those whose time is up; answers when the next one's is.</summary>
    private TimeSpan FailDue()
    {
        Array.ForEach(backlog.TakeDue(IsDue, out WriteItem? next), item => item.Fail(WaitedTooLong()));
        TimeSpan left = next is null ? itemTimeout : itemTimeout - time.GetElapsedTime(next.ArrivedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
