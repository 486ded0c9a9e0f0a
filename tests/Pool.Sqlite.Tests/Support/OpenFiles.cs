namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// What files this process has open, as the kernel sees it. Known on Linux only; elsewhere nothing is.
/// </summary>
internal static class OpenFiles
{
    private const string Descriptors = "/proc/self/fd";

    public static bool AreKnown => Directory.Exists(Descriptors);

    /// <summary>The paths that are open under a folder or file, one entry for each descriptor.</summary>
    public static string[] Under(string path) =>
        AreKnown
            ?
            [
                .. Directory
                    .EnumerateFileSystemEntries(Descriptors)
                    .Select(Target)
                    .Where(target => IsUnder(target, path)),
            ]
            : [];

    private static bool IsUnder(string target, string path) => target.StartsWith(path, StringComparison.Ordinal);

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            // Closed between the listing and the look at it.
            return "";
        }
    }
}
