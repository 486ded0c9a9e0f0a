using Microsoft.Win32.SafeHandles;

namespace Pool.Sqlite.Writing;

/// <summary>Syncs a WAL file.</summary>
internal static class WalFile
{
    // Windows syncs only what is open for writing. Elsewhere the right to read is enough, and may be all that is left
    // where the file's mode has changed since the connections opened it.
    private static readonly FileAccess Access = OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read;

    /// <summary>
    /// Makes durable what the file at this path holds. It is opened for each sync, so that it is always the file that
    /// connections write at this moment: the last connection deletes it, the next makes it anew. No lock is lost by
    /// closing it: SQLite's are on the <c>-shm</c>.
    /// </summary>
    /// <param name="path">
    /// Where there is none, its last connection has made everything durable in the database file.
    /// </param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Sync(string path)
    {
        try
        {
            using SafeFileHandle file =
                NativeFile.TryOpenForReading(path)
                ?? File.OpenHandle(path, FileMode.Open, Access, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(file);
        }
        catch (FileNotFoundException) { }
    }
}
