namespace Pool.Sqlite.Sessions;

/// <summary>
/// Recognises network file systems, on which SQLite's locks are not certain to hold and the shared memory of a WAL is
/// not shared. Only mounts are looked at; the file is not opened.
/// </summary>
internal static class NetworkFileSystem
{
    private const string LinuxMounts = "/proc/self/mountinfo";

    // As Linux names them. Not what a virtual machine shares with its host (9p, virtiofs): within the machine locks
    // hold.
    private static readonly HashSet<string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "coda",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "pvfs2",
        "davfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.ceph",
        "fuse.davfs2",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.rclone",
        "fuse.juicefs",
    };

    /// <summary>
    /// The name of the network file system that a file lies on; null when it is local, or it cannot be told.
    /// </summary>
    /// <param name="path">A full path, through links.</param>
    public static string? Of(string path)
    {
        try
        {
            return OperatingSystem.IsLinux() ? Find(path, File.ReadLines(LinuxMounts)) : OfDrive(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>As <see cref="Of"/>, by the lines of Linux's <c>mountinfo</c>.</summary>
    public static string? Find(string path, IEnumerable<string> mounts)
    {
        string best = "";
        string type = "";
        foreach (string line in mounts)
        {
            // 36 35 98:0 /root /mount/point options optional fields - type source options
            string[] parts = line.Split(" - ", 2);
            if (parts is [var before, var after] && before.Split(' ') is [_, _, _, _, var escaped, ..])
            {
                // Of two on one place the later covers the earlier.
                string point = Unescape(escaped);
                if (point.Length >= best.Length && IsBelow(path, point))
                {
                    (best, type) = (point, after.Split(' ')[0]);
                }
            }
        }

        return Types.Contains(type) ? type : null;
    }

    private static bool IsBelow(string path, string point) =>
        point == "/"
        || (
            path.StartsWith(point, StringComparison.Ordinal)
            && (path.Length == point.Length || path[point.Length] == '/')
        );

    // Spaces and the like are octal.
    private static string Unescape(string text) =>
        text.Replace("\\040", " ", StringComparison.Ordinal)
            .Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\134", "\\", StringComparison.Ordinal);

    private static string? OfDrive(string path)
    {
        if (path.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return "a network share";
        }

        DriveInfo drive = new(OperatingSystem.IsWindows() ? Path.GetPathRoot(path)! : Path.GetDirectoryName(path)!);
        return drive.DriveType == DriveType.Network ? drive.DriveFormat : null;
    }
}
