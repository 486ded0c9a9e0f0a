using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.WriteQueue;

/// <content>Items that have waited for too long.</content>
internal sealed partial class WriteLoop
{
    /// <summary>Waits for something; meanwhile those whose time is up are told.</summary>
    private async ValueTask<T> WhileItemsExpire<T>(ValueTask<T> pending)
    {
        if (pending.IsCompleted || _options.ItemTimeout == Timeout.InfiniteTimeSpan)
        {
            return await pending.ConfigureAwait(false);
        }

        Task<T> task = pending.AsTask();
        while (!task.IsCompleted)
        {
            using CancellationTokenSource done = new();
            await Task.WhenAny(task, Task.Delay(FailDue(), _time, done.Token)).ConfigureAwait(false);
            await done.CancelAsync().ConfigureAwait(false);
        }

        return await task.ConfigureAwait(false);
    }

    /// <summary>Fails those whose time is up; answers when the next one's is.</summary>
    private TimeSpan FailDue()
    {
        Array.ForEach(_backlog.TakeDue(IsDue, out WriteItem? next), item => item.Fail(WaitedTooLong()));
        TimeSpan left = next is null
            ? _options.ItemTimeout
            : _options.ItemTimeout - _time.GetElapsedTime(next.ArrivedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool IsDue(WriteItem item) => item.IsWaiting
        && _options.ItemTimeout != Timeout.InfiniteTimeSpan && _time.GetElapsedTime(item.ArrivedAt) >= _options.ItemTimeout;

    private TimeoutException WaitedTooLong() => new(
        $"Pool '{_pool.Name}': the write waited in the queue for longer than ItemTimeout, {_options.ItemTimeout}, and was not run. "
        + $"{_backlog.Count} others wait.");
}
