using System.Diagnostics;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Where a lease was made: the caller's frames, without the pool's and the runtime's own.</summary>
internal sealed class RentSite(StackTrace stack)
{
    // Deeper down is the server or the test runner, which is the same for every lease.
    private const int MostFrames = 20;

    private static readonly string Own = typeof(RentSite).Assembly.GetName().Name + ",";

    private string? _text;

    /// <summary>What to call at the rent; the text is made only if somebody reads it.</summary>
    public static RentSite Capture() => new(new StackTrace(skipFrames: 1, fNeedFileInfo: true));

    public override string ToString() => _text ??= string.Concat(
        stack.GetFrames().Where(IsCallers).Take(MostFrames).Select(static frame => new StackTrace(frame).ToString())).TrimEnd();

    private static bool IsCallers(StackFrame frame)
    {
        DiagnosticMethodInfo? method = DiagnosticMethodInfo.Create(frame);
        return method is null
            || !(method.DeclaringAssemblyName.StartsWith(Own, StringComparison.Ordinal)
                || method.DeclaringTypeName?.StartsWith("System.Runtime.CompilerServices.", StringComparison.Ordinal) == true
                || method.DeclaringTypeName?.StartsWith("System.Threading.", StringComparison.Ordinal) == true);
    }
}
