namespace Pool.Sqlite.Pooling;

/// <summary>The task that a caller's work returned, which is none when the work is not written as async.</summary>
internal static class ReturnedTask
{
    /// <exception cref="InvalidOperationException">The work returned null.</exception>
    public static Task OrThrow(this Task? task) => task ?? throw NoTask("Task.CompletedTask");

    /// <inheritdoc cref="OrThrow(Task?)"/>
    public static Task<T> OrThrow<T>(this Task<T>? task) => task ?? throw NoTask("Task.FromResult(…)");

    private static InvalidOperationException NoTask(string instead) =>
        new($"The work returned null instead of a task. Write it as async, or return {instead}.");
}
