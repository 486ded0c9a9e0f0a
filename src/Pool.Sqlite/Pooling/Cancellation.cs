namespace Pool.Sqlite.Pooling;

/// <summary>
/// Tasks whose cancellation is exactly <see cref="OperationCanceledException"/>. What the runtime cancels by itself (a
/// delay, a wait, a queued function, a completion source) throws <see cref="TaskCanceledException"/>, which is not what
/// ADO.NET and the library's documentation promise.
/// </summary>
internal static class Cancellation
{
    /// <summary>The same task, with its cancellation as it should be.</summary>
    public static async Task Exactly(this Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (TaskCanceledException e)
        {
            throw Cancelled(e);
        }
    }

    /// <inheritdoc cref="Exactly(Task)"/>
    public static async Task<T> Exactly<T>(this Task<T> task)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (TaskCanceledException e)
        {
            throw Cancelled(e);
        }
    }

    /// <summary>A pause.</summary>
    public static Task Delay(TimeSpan delay, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Delay(delay, time, cancellationToken).Exactly();

    /// <summary>Runs a function on the thread pool, unless the token is cancelled before it begins.</summary>
    public static Task<T> Run<T>(Func<T> function, CancellationToken cancellationToken) =>
        Task.Run(function, cancellationToken).Exactly();

    /// <inheritdoc cref="Run{T}"/>
    public static Task Run(Action action, CancellationToken cancellationToken) =>
        Task.Run(action, cancellationToken).Exactly();

    /// <summary>A task that is cancelled.</summary>
#pragma warning disable CS1998 // Thrown in an asynchronous method it stays what it is; Task.FromCanceled would change it.
    public static async Task<T> Of<T>(CancellationToken cancellationToken) =>
        throw new OperationCanceledException(cancellationToken);
#pragma warning restore CS1998

    private static OperationCanceledException Cancelled(TaskCanceledException exception) =>
        new(new OperationCanceledException().Message, exception, exception.CancellationToken);
}
