using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Maintenance;

/// <summary>Where a backup may be written to.</summary>
internal static class BackupPath
{
    private static readonly string[] Suffixes = ["", "-wal", "-shm", "-journal"];

    /// <summary>The full path, through symbolic links.</summary>
    /// <param name="path">As the caller has it.</param>
    /// <param name="database">The file that is copied; empty for a database in memory.</param>
    /// <exception cref="ArgumentException">
    /// It is one of the files of the database, by whatever name, or a folder.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">Its folder does not exist.</exception>
    public static string Check(string path, string database)
    {
        string full = ThroughLinks(path);
        if (Directory.Exists(full))
        {
            throw new ArgumentException($"'{path}' is a folder. Name a file in it for the backup.", nameof(path));
        }

        string folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist. Create it before the backup.");
        }

        if (IsOwn(full, database))
        {
            throw new ArgumentException(
                $"'{path}' is the pool's own database, or a file that belongs to it. Name another file for the backup.",
                nameof(path)
            );
        }

        return full;
    }

    /// <summary>The full path of a file, or of the one that a symbolic link leads to.</summary>
    public static string ThroughLinks(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null
            ? full
            : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }

    /// <summary>True for one of the files of the database, by whatever name.</summary>
    /// <param name="path">A full path, through links.</param>
    /// <param name="database">The database file as SQLite resolves it; empty for a database in memory.</param>
    public static bool IsOwn(string path, string database) =>
        database.Length > 0 && Array.Exists(Suffixes, suffix => IsSame(path, database + suffix));

    // A file that is not there yet is known by its folder and its name.
    private static bool IsSame(string path, string own) =>
        FileIdentity.AreSame(path, own)
        || (
            string.Equals(Path.GetFileName(path), Path.GetFileName(own), StringComparison.OrdinalIgnoreCase)
            && FileIdentity.AreSame(Path.GetDirectoryName(path)!, Path.GetDirectoryName(own))
        );
}
