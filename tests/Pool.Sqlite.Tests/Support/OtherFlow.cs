namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// Runs something as another flow of control would, beginning on this thread: without what this flow is marked with.
/// </summary>
internal static class OtherFlow
{
    private static readonly ExecutionContext Clean = CaptureClean();

    public static T Run<T>(Func<T> work)
    {
        T? result = default;
        ExecutionContext.Run(Clean, _ => result = work(), null);
        return result!;
    }

    public static void Run(Action work) => ExecutionContext.Run(Clean, _ => work(), null);

    private static ExecutionContext CaptureClean()
    {
        ExecutionContext? context = null;
        Thread thread = new(() => context = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return context!;
    }
}
