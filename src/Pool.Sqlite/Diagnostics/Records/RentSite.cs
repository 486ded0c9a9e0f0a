using System.Diagnostics;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Where a lease was made: the caller's frames, without the pool's and the runtime's own.</summary>
internal sealed class RentSite(StackTrace stack)
{
    // Deeper down are its callers' callers, which are the same for every lease.
    private const int MostFrames = 20;

    // What runs an application's code, and says nothing of it. Only names in full, each with its dot.
    private static readonly string[] Framework =
    [
        "System.",
        "Microsoft.AspNetCore.",
        "Microsoft.Extensions.",
        "Microsoft.EntityFrameworkCore.",
        "Dapper.",
        "Xunit.",
    ];

    private static readonly string Own = typeof(RentSite).Assembly.GetName().Name + ",";

    private string? _text;

    /// <summary>Captures the stack at the rent; the text is made only when it is read.</summary>
    public static RentSite Capture() => new(new StackTrace(skipFrames: 1, fNeedFileInfo: true));

    /// <summary>The caller's own frames; those of frameworks only where there are no others.</summary>
    public override string ToString() => _text ??= Describe();

    private string Describe()
    {
        StackFrame[] frames = [.. stack.GetFrames().Where(IsCallers)];
        StackFrame[] own = [.. frames.Where(static frame => !IsFramework(frame))];
        return string.Concat(
                (own.Length > 0 ? own : frames)
                    .Take(MostFrames)
                    .Select(static frame => new StackTrace(frame).ToString())
            )
            .TrimEnd();
    }

    private static bool IsFramework(StackFrame frame) =>
        DiagnosticMethodInfo.Create(frame)?.DeclaringTypeName is { } type
        && Framework.Any(prefix => type.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsCallers(StackFrame frame)
    {
        DiagnosticMethodInfo? method = DiagnosticMethodInfo.Create(frame);
        return method is null
            || !(
                method.DeclaringAssemblyName.StartsWith(Own, StringComparison.Ordinal)
                || method.DeclaringTypeName?.StartsWith("System.Runtime.CompilerServices.", StringComparison.Ordinal)
                    == true
                || method.DeclaringTypeName?.StartsWith("System.Threading.", StringComparison.Ordinal) == true
            );
    }
}
