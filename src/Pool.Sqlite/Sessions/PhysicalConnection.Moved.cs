using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <content>The file at its path may not be the one that it has open.</content>
internal sealed partial class PhysicalConnection
{
    /// <summary>Called when it is found that the file has moved: other connections have the same one open.</summary>
    public Action? FileMoved { get; set; }

    /// <summary>True when nothing of the pool has noticed it yet, and so nothing has opened what is there now.</summary>
    public Func<bool>? WasFirstToNotice { get; set; }

    public FileGuard? File { get; private set; }

    /// <summary>
    /// True when what it has open is not what its path leads to. It is not lent again then. Two calls of <c>stat</c>.
    /// </summary>
    /// <param name="looksAtWal">False for the file alone: one call.</param>
    public bool HasMoved(bool looksAtWal = true)
    {
        if (File is not { } file || !(file.HasMoved || (looksAtWal && file.HasLostWal && !IsWalAccountedFor(file))))
        {
            return false;
        }

        IsTouched = IsRetired = true;
        LeaveNothingInWal(file);
        FileMoved?.Invoke();
        return true;
    }

    /// <summary>Before a write, so that none is acknowledged that nobody would find.</summary>
    /// <exception cref="SqliteDatabaseMovedException">The file was deleted, renamed or replaced.</exception>
    public void ThrowIfMoved()
    {
        if (HasMoved())
        {
            throw new SqliteDatabaseMovedException(File!.Path);
        }
    }

    // What was committed belongs into the old file, and not into the one that has taken its place: SQLite would take the -wal
    // for that one's. Only as long as nothing of this process can have opened the new one.
    private void LeaveNothingInWal(FileGuard file)
    {
        if (WasFirstToNotice?.Invoke() == true && file.HasMoved && !file.HasLostWal && !IsInTransaction)
        {
            _ = raw.sqlite3_wal_checkpoint_v2(Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        }
    }

    // A lease may have changed the journal mode, and changing it back makes a new -wal.
    private bool IsWalAccountedFor(FileGuard file)
    {
        if (_authorizer.Changes == SessionChanges.None
            && string.Equals(NativeSql.Scalar(Handle, "PRAGMA journal_mode"), "wal", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        file.AcceptWal();
        return true;
    }
}
