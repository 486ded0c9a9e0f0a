using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>The database file that a connection has open, which may not be the one at its path any more.</summary>
internal sealed class OpenFile(PhysicalConnection connection, StatementAuthorizer authorizer)
{
    /// <summary>Compares the two; null where there is nothing to compare.</summary>
    public FileGuard? Guard { get; set; }

    /// <summary>Called when it is found that the file has moved: other connections have the same one open.</summary>
    public Action? Moved { get; set; }

    /// <summary>
    /// True when nothing of the pool has noticed it yet, and so nothing has opened what is there now.
    /// </summary>
    public Func<bool>? WasFirstToNotice { get; set; }

    /// <summary>
    /// True when what is open is not what the path leads to. The connection is not lent again then. Two calls of
    /// <c>stat</c>.
    /// </summary>
    /// <param name="looksAtWal">False for the file alone: one call.</param>
    public bool HasMoved(bool looksAtWal = true)
    {
        if (Guard is not { } file || !(file.HasMoved || (looksAtWal && file.HasLostWal && !IsWalAccountedFor(file))))
        {
            return false;
        }

        connection.IsTouched = connection.IsRetired = true;
        LeaveNothingInWal(file);
        Moved?.Invoke();
        return true;
    }

    /// <summary>Before a write, so that none is acknowledged that could not be found again.</summary>
    /// <exception cref="SqliteDatabaseMovedException">The file was deleted, renamed or replaced.</exception>
    public void ThrowIfMoved()
    {
        if (HasMoved())
        {
            throw new SqliteDatabaseMovedException(Guard!.Path);
        }
    }

    // What was committed belongs into the old file, and not into the one that has taken its place: SQLite would take
    // the -wal for that one's. Only as long as nothing of this process can have opened the new one.
    private void LeaveNothingInWal(FileGuard file)
    {
        if (WasFirstToNotice?.Invoke() == true && file.HasMoved && !file.HasLostWal && !connection.IsInTransaction)
        {
            _ = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        }
    }

    // A lease may have changed the journal mode, and changing it back makes a new -wal.
    private bool IsWalAccountedFor(FileGuard file)
    {
        if (
            authorizer.Changes == SessionChanges.None
            && NativeSql.Scalar(connection.Handle, "PRAGMA journal_mode") is { } mode
            && string.Equals(mode, "wal", StringComparison.OrdinalIgnoreCase)
        )
        {
            return false;
        }

        file.AcceptWal();
        return true;
    }
}
