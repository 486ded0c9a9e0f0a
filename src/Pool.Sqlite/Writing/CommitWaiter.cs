namespace Pool.Sqlite.Writing;

/// <summary>A commit that waits for a sync, asynchronously or blocking.</summary>
internal sealed class CommitWaiter(long number)
    : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public long Number { get; } = number;

    public async ValueTask Wait(bool async, CancellationToken cancellationToken)
    {
        try
        {
            Task answer = cancellationToken.CanBeCanceled ? Task.WaitAsync(cancellationToken) : Task;
            if (async)
            {
                await answer.ConfigureAwait(false);
            }
            else
            {
                answer.GetAwaiter().GetResult();
            }
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(
                "The wait for the disk was cancelled. The write is committed: it is in the database, and will be durable soon.",
                e,
                cancellationToken
            );
        }
    }

    public void Answer(Exception? failure)
    {
        if (failure is null)
        {
            TrySetResult();
        }
        else
        {
            TrySetException(failure);

            // Also of a wait that was cancelled.
            _ = Task.Exception;
        }
    }
}
