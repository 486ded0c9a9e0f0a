using Microsoft.Win32.SafeHandles;

namespace Pool.Sqlite.Writing;

/// <summary>Syncs a WAL file.</summary>
internal static class WalFile
{
    /// <summary>
    /// Makes durable what the file at this path holds. It is opened for each sync, so that it is always the file that
    /// connections write at this moment: the last connection deletes it, the next makes it anew. No lock is lost by closing it:
    /// SQLite's are on the <c>-shm</c>.
    /// </summary>
    /// <param name="path">Where there is none, its last connection has made everything durable in the database file.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Sync(string path)
    {
        try
        {
            using SafeFileHandle file =
                File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(file);
        }
        catch (FileNotFoundException)
        {
        }
    }
}
