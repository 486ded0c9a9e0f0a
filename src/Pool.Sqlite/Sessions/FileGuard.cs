using System.Text;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Notices that the file which a connection has open is not the one at its path any more: deleted, renamed, replaced.
/// SQLite would go on in the old one without a word. The same for the <c>-wal</c>, where commits live until they are
/// moved. It compares identities by <c>stat</c>, and never opens a file: closing it would drop SQLite's locks.
/// </summary>
internal sealed class FileGuard
{
    private readonly byte[] _file;
    private readonly byte[] _wal;
    private readonly FileIdentity _fileIdentity;
    private FileIdentity? _walIdentity;

    private FileGuard(string path, FileIdentity identity)
    {
        Path = path;
        _file = Native(path);
        _wal = Native(path + "-wal");
        _fileIdentity = identity;
        _walIdentity = NativeFileStatus.Get(_wal);
    }

    public string Path { get; }

    /// <summary>Null where there is nothing to compare: in memory, or where the system does not tell.</summary>
    public static FileGuard? For(sqlite3 handle, DatabaseTarget target) =>
        target.Kind == DatabaseKind.File
        && raw.sqlite3_db_filename(handle, "main").utf8_to_string() is { Length: > 0 } path
        && FileIdentity.Of(path) is { } identity
            ? new FileGuard(path, identity)
            : null;

    /// <summary>True when the path leads to another file, or to none.</summary>
    public bool HasMoved => NativeFileStatus.Get(_file) != _fileIdentity;

    /// <summary>
    /// True when the <c>-wal</c> that was there is gone, or another. In a session that has changed the journal mode
    /// that is as it should be: ask SQLite for the mode first.
    /// </summary>
    public bool HasLostWal
    {
        get
        {
            FileIdentity? now = NativeFileStatus.Get(_wal);
            if (_walIdentity is null)
            {
                _walIdentity = now;
            }

            return now != _walIdentity;
        }
    }

    /// <summary>The <c>-wal</c> is not the old one for a good reason.</summary>
    public void AcceptWal() => _walIdentity = NativeFileStatus.Get(_wal);

    public bool IsSameAs(FileGuard other) => _fileIdentity == other._fileIdentity;

    private static byte[] Native(string path) => [.. Encoding.UTF8.GetBytes(path), 0];
}
