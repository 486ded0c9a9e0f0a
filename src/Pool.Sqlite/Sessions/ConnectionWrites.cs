using Pool.Sqlite.Pooling;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>The write gate as one connection holds it, and the commit that its writes end in.</summary>
internal sealed class ConnectionWrites(sqlite3 handle, WriteGate gate, StatementAuthorizer authorizer)
{
    private AmbientWriteGate? _ambientGate;
    private bool _areUncommitted;
    private CommitTicket _commit;
    private int _pagesWritten;

    /// <summary>The gate of the file; <see cref="HoldsGate"/> says whether this connection holds it.</summary>
    public WriteGate Gate => gate;

    public bool HoldsGate { get; set; }

    /// <summary>True when the gate is held for the whole lease, not only while something is being written.</summary>
    public bool KeepsGate { get; set; }

    /// <summary>What makes the commits durable; null where SQLite does.</summary>
    public GroupCommit? GroupCommit { get; private set; }

    /// <summary>True while the gate is held, or something was written whose commit was not noticed yet.</summary>
    public bool AreOpen => HoldsGate || _areUncommitted;

    /// <summary>Leaves the syncing of the commits to the group commit of a database file.</summary>
    public void JoinGroupCommit(string fileName)
    {
        GroupCommit = gate.GroupCommitOf(fileName);
        _pagesWritten = PageCache.CountPagesWritten(handle);
    }

    /// <summary>A statement has written to the database.</summary>
    public void Note() => _areUncommitted = true;

    /// <summary>What was written is undone.</summary>
    public void Forget()
    {
        _areUncommitted = false;
        if (GroupCommit is not null)
        {
            _pagesWritten = PageCache.CountPagesWritten(handle);
        }
    }

    /// <summary>The commit that the last write ended in, once: for the caller that is to be answered.</summary>
    public CommitTicket TakeCommit()
    {
        CommitTicket commit = _commit;
        _commit = default;
        return commit;
    }

    /// <summary>
    /// Nothing is being written any more: what was written has been committed, and its ticket is taken before the gate
    /// passes on.
    /// </summary>
    public void End()
    {
        _areUncommitted = false;
        NoteCommit();
        if (!KeepsGate)
        {
            ReleaseGate();
        }
    }

    /// <summary>
    /// Takes the ticket of a commit. Where the lease syncs as it likes, there is nothing to be added.
    /// </summary>
    public void NoteCommit()
    {
        if (GroupCommit is null || authorizer.HasOwnSynchronous)
        {
            return;
        }

        // None went to the WAL when there was nothing to be written.
        int written = PageCache.CountPagesWritten(handle);
        if (written != _pagesWritten)
        {
            _pagesWritten = written;
            _commit = GroupCommit.Wal is { IsSuspect: true } wal && IsMadeDurable(wal) ? default : GroupCommit.Take();
        }
    }

    /// <summary>
    /// Marks the current flow as the one that holds the gate, if the gate stays with this connection.
    /// </summary>
    /// <param name="leaseId">The lease, for messages.</param>
    /// <param name="sql">The statement that it runs, for messages.</param>
    public void MarkAmbientGate(long leaseId, string? sql)
    {
        if (!HoldsGate)
        {
            return;
        }

        if (_ambientGate is null)
        {
            _ambientGate = AmbientWriteGate.Prepare();
            _ambientGate.Enter(gate, leaseId);
        }

        _ambientGate.Adopt(sql);
    }

    // After a sync that failed no other is believed before the WAL begins anew, which a checkpoint sees to. Where
    // readers keep it from that, this commit may still have come into the database file, by which it is durable.
    // Readers get a moment to end: inside the gate, since nothing may be written between the commit and its checkpoint.
    private bool IsMadeDurable(WalSyncer wal)
    {
        Deadline patience = new(TimeProvider.System, TimeSpan.FromMilliseconds(100));
        for (; ; )
        {
            int result = raw.sqlite3_wal_checkpoint_v2(
                handle,
                "main",
                raw.SQLITE_CHECKPOINT_TRUNCATE,
                out int frames,
                out int moved
            );
            if (result == raw.SQLITE_OK)
            {
                wal.BeginAnew();
                return false;
            }

            if (result != raw.SQLITE_BUSY || (frames > 0 && frames == moved) || !patience.Allows(TimeSpan.Zero))
            {
                return result == raw.SQLITE_BUSY && frames > 0 && frames == moved;
            }

            Thread.Sleep(1);
        }
    }

    public void ReleaseGate()
    {
        if (HoldsGate)
        {
            HoldsGate = KeepsGate = false;
            _ambientGate?.Leave();
            _ambientGate = null;
            gate.Exit();
        }
    }
}
