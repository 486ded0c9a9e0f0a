namespace Pool.Sqlite.Sessions;

/// <summary>
/// Knows whether this thread is inside one of the user's hooks, where waiting for a connection is futile.
/// </summary>
internal static class UserCallback
{
    [ThreadStatic]
    private static int _depth;

    public static bool IsRunning => _depth > 0;

    public static void Run<TArgument>(Action<TArgument> hook, TArgument argument) =>
        Run(
            argument =>
            {
                hook(argument);
                return true;
            },
            argument
        );

    public static TResult Run<TArgument, TResult>(Func<TArgument, TResult> hook, TArgument argument)
    {
        _depth++;
        try
        {
            return hook(argument);
        }
        finally
        {
            _depth--;
        }
    }
}
