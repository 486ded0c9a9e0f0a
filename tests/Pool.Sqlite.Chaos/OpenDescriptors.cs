namespace Pool.Sqlite.Chaos;

/// <summary>
/// What this process has open under a folder, as the kernel sees it; nothing is known elsewhere than on Linux.
/// </summary>
public static class OpenDescriptors
{
    private const string Descriptors = "/proc/self/fd";

    public static string[] Under(string folder) =>
        Directory.Exists(Descriptors)
            ?
            [
                .. Directory
                    .EnumerateFileSystemEntries(Descriptors)
                    .Select(Target)
                    .Where(target => target.StartsWith(folder, StringComparison.Ordinal)),
            ]
            : [];

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
