using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pool.Sqlite.Writing;

/// <summary>
/// Device and inode from the C library. Linux: <c>statx</c>, whose layout is the kernel's and the same on every
/// architecture. macOS: <c>stat</c>, whose layout is the same on both of its architectures.
/// </summary>
internal static class NativeFileStatus
{
    private const string Library = "libc";
    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;

    // Not the times, which are not free: see NativeFile.
    private const uint WantsInode = 0x100;
    private const uint WantsBirth = 0x800;
    private static readonly byte[] NoPath = [0];

    public static bool IsSupported { get; } = Probe();

    /// <param name="path">UTF-8, ended by a zero.</param>
    public static FileIdentity? Get(byte[] path)
    {
        if (OperatingSystem.IsLinux())
        {
            return StatX(CurrentDirectory, path, 0, WantsInode | WantsBirth, out LinuxStatus linux) == 0
                ? linux.Identity
                : null;
        }

        int result = UsesPlainNames ? Stat(path, out MacStatus mac) : Stat64(path, out mac);
        return result == 0 ? mac.Identity : null;
    }

    public static FileIdentity? Get(SafeFileHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        try
        {
            int descriptor = (int)handle.DangerousGetHandle();
            if (OperatingSystem.IsLinux())
            {
                return StatX(descriptor, NoPath, EmptyPath, WantsInode | WantsBirth, out LinuxStatus linux) == 0
                    ? linux.Identity
                    : null;
            }

            int result = UsesPlainNames ? FStat(descriptor, out MacStatus mac) : FStat64(descriptor, out mac);
            return result == 0 ? mac.Identity : null;
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    // On Intel the unadorned names are those of the layout with 32-bit inodes.
    private static bool UsesPlainNames => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            return false;
        }

        try
        {
            return Get("/\0"u8.ToArray()) is not null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false;
        }
    }

    [DllImport(Library, EntryPoint = "statx", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int directory, byte[] path, int flags, uint mask, out LinuxStatus status);

    [DllImport(Library, EntryPoint = "stat", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Stat(byte[] path, out MacStatus status);

    [DllImport(Library, EntryPoint = "stat$INODE64", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Stat64(byte[] path, out MacStatus status);

    [DllImport(Library, EntryPoint = "fstat", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FStat(int descriptor, out MacStatus status);

    [DllImport(Library, EntryPoint = "fstat$INODE64", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FStat64(int descriptor, out MacStatus status);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct LinuxStatus
    {
        [FieldOffset(0)]
        private readonly uint _known;

        [FieldOffset(32)]
        private readonly ulong _inode;

        [FieldOffset(80)]
        private readonly long _birthSeconds;

        [FieldOffset(88)]
        private readonly uint _birthNanoseconds;

        [FieldOffset(136)]
        private readonly uint _major;

        [FieldOffset(140)]
        private readonly uint _minor;

        public FileIdentity Identity =>
            new(
                ((ulong)_major << 32) | _minor,
                _inode,
                (_known & WantsBirth) == 0 ? 0 : (_birthSeconds * 1_000_000_000) + _birthNanoseconds
            );
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct MacStatus
    {
        [FieldOffset(0)]
        private readonly uint _device;

        [FieldOffset(8)]
        private readonly ulong _inode;

        [FieldOffset(80)]
        private readonly long _birthSeconds;

        [FieldOffset(88)]
        private readonly long _birthNanoseconds;

        public FileIdentity Identity => new(_device, _inode, (_birthSeconds * 1_000_000_000) + _birthNanoseconds);
    }
}
