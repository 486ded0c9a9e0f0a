using System.Runtime.InteropServices;

namespace Pool.Sqlite.Chaos;

/// <summary>Root can write to a read-only file, so a process of root's goes on with nobody's rights.</summary>
internal static class Privileges
{
    private const uint Nobody = 65534;

    /// <summary>True when files can be made read-only for this process.</summary>
    public static bool AreDropped =>
        !OperatingSystem.IsWindows() && (!Environment.IsPrivilegedProcess || GetUser() != 0);

    /// <summary>
    /// Goes on as nobody, when that one may read the program itself, in a folder that all may write to.
    /// </summary>
    /// <returns>To be disposed to be root again.</returns>
    public static IDisposable? Drop(string folder)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return null;
        }

        File.SetUnixFileMode(folder, (UnixFileMode)0x1FF);
        _ = SetUser(Nobody);
        try
        {
            using FileStream program = File.OpenRead(typeof(Privileges).Assembly.Location);
            return new Regained();
        }
        catch (UnauthorizedAccessException)
        {
            _ = SetUser(0);
            return null;
        }
    }

    public static void MakeReadOnly(string database)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(database, UnixFileMode.UserRead);
        }
    }

    /// <summary>Also what SQLite has made beside it, with the mode that the file had at that moment.</summary>
    public static void MakeWritable(string database)
    {
        foreach (string file in (string[])[database, database + "-wal", database + "-shm"])
        {
            if (!OperatingSystem.IsWindows() && File.Exists(file))
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
    }

    [DllImport("libc", EntryPoint = "seteuid", SetLastError = true)]
    private static extern int SetUser(uint user);

    [DllImport("libc", EntryPoint = "geteuid")]
    private static extern uint GetUser();

    private sealed class Regained : IDisposable
    {
        public void Dispose() => _ = SetUser(0);
    }
}
