using System.Runtime.InteropServices;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// Runs something with nobody's rights to the file system. On Linux these are the thread's, not the process's, so root
/// can test what is forbidden: on one thread, without anything asynchronous.
/// </summary>
internal static class Unprivileged
{
    private const uint Nobody = 65534;

    /// <summary>
    /// False where there is no way to do this, or where it must not be done to find something forbidden.
    /// </summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    public static T Run<T>(Func<T> work)
    {
        T? result = default;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            _ = SetFsUid(Nobody);
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        Assert.True(thread.Join(Limit.Length), "It did not end in time.");
        return failure is null ? result! : throw failure;
    }

    /// <summary>Sets what the owner (root) and others may do, where there is such a thing.</summary>
    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    private static extern int SetFsUid(uint user);
}
