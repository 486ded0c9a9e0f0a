namespace Pool.Sqlite.Execution;

/// <summary>Tells functions that return before they have ended, and would use their lease beyond its end.</summary>
internal static class AsynchronousResult
{
    public static bool Is(Type result) =>
        typeof(Task).IsAssignableFrom(result)
        || result == typeof(ValueTask)
        || (result.IsGenericType && result.GetGenericTypeDefinition() == typeof(ValueTask<>));
}
