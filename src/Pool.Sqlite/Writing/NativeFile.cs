using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Pool.Sqlite.Writing;

/// <summary>Opens files by the C library of 64-bit Linux, without asking for their status.</summary>
/// <remarks>
/// <see cref="File.OpenHandle"/> asks for it each time. Since version 6.13 the kernel gives a file whose times were asked
/// for a finer time with the next write; that changes the inode, and a sync then has to write the file system's journal
/// as well: it takes almost half as long again.
/// </remarks>
internal static class NativeFile
{
    // asm-generic/fcntl.h: O_RDONLY | O_CLOEXEC. On 32 bits large files need another flag, which differs.
    private const int ReadingClosedOnExec = 0x80000;

    private static readonly bool IsSupported = OperatingSystem.IsLinux() && nint.Size == 8 && FileIdentity.IsSupported;

    /// <summary>Null where it is not supported, or the file cannot be opened.</summary>
    public static SafeFileHandle? TryOpenForReading(string path)
    {
        if (!IsSupported)
        {
            return null;
        }

        int descriptor = Open(Encoding.UTF8.GetBytes(path + '\0'), ReadingClosedOnExec);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [DllImport("libc", EntryPoint = "open", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
