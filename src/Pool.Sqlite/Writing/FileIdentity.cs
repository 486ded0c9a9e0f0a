using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Pool.Sqlite.Writing;

/// <summary>
/// A file by device, inode and time of birth, so that all spellings of its path (symbolic links, hard links, bind
/// mounts) are the same file, and a file that took the place of another is not. It is asked for by a <c>stat</c>, never
/// by an open: closing any descriptor of a database file drops SQLite's locks on it.
/// </summary>
/// <remarks>
/// An inode is used again once its file is deleted and no process has it open any more, often by the next file; the
/// time of birth, where the file system keeps it, tells them apart.
/// </remarks>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Birth)
{
    /// <summary>
    /// False where the system does not tell without opening the file (Windows, old C libraries). Paths have to do then.
    /// </summary>
    public static bool IsSupported { get; } = NativeFileStatus.IsSupported;

    /// <summary>
    /// The file that a path leads to now, through links; null when there is none, or it cannot be told.
    /// </summary>
    public static FileIdentity? Of(string path)
    {
        if (!IsSupported)
        {
            return null;
        }

        int length = Encoding.UTF8.GetByteCount(path);
        byte[] native = new byte[length + 1];
        Encoding.UTF8.GetBytes(path, native);
        return NativeFileStatus.Get(native);
    }

    /// <summary>The file that is open; null when it cannot be told.</summary>
    public static FileIdentity? Of(SafeFileHandle handle) => IsSupported ? NativeFileStatus.Get(handle) : null;

    /// <summary>
    /// A key that is the same for all spellings of a path as far as the system tells: its identity, or else the full
    /// path.
    /// </summary>
    public static string KeyOf(string path) => Of(path)?.ToString() ?? Path.GetFullPath(path);

    /// <summary>True when both paths lead to one existing file.</summary>
    public static bool AreSame(string path, [NotNullWhen(true)] string? other) =>
        other is not null
        && (
            IsSupported
                ? Of(path) is { } identity && identity == Of(other)
                : string.Equals(Path.GetFullPath(path), Path.GetFullPath(other), StringComparison.OrdinalIgnoreCase)
        );

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device:x}:{Inode:x}:{Birth:x}");
}
