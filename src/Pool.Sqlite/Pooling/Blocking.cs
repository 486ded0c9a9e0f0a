namespace Pool.Sqlite.Pooling;

/// <summary>The end of a call whose one implementation serves asynchronous and blocking callers.</summary>
internal static class Blocking
{
    /// <summary>The result of a task that was told to block, and so is complete: without allocating.</summary>
    public static T Result<T>(ValueTask<T> task) =>
        task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
