namespace Pool.Sqlite.Sessions;

/// <summary>What other threads see of a connection while it is leased: plain fields, never the native handle.</summary>
internal sealed class SessionActivity
{
    private OpenStatement? _reading;
    private bool _isInTransaction;
    private long _snapshots;

    /// <summary>The SQL that is being run; set and cleared by the command.</summary>
    public string? Running { get; set; }

    /// <summary>The SQL that is being run, or whose rows are being read.</summary>
    public string? CurrentSql => Running ?? (_reading is { IsFinished: false } reading ? reading.Text.Sql : null);

    /// <summary>
    /// Counts up with each state of the database that is read from: a transaction, or a reader outside one. 0 while
    /// there is none.
    /// </summary>
    public long Snapshot =>
        _isInTransaction || _reading is { IsFinished: false, Current: not null } ? Volatile.Read(ref _snapshots) : 0;

    /// <summary>
    /// To be called after whatever can begin or end a transaction, by the thread that uses the connection.
    /// </summary>
    public void NoteTransaction(bool isInTransaction)
    {
        if (isInTransaction && !_isInTransaction)
        {
            Volatile.Write(ref _snapshots, _snapshots + 1);
        }

        _isInTransaction = isInTransaction;
    }

    /// <summary>The reader whose rows are read from now on; null when none is left.</summary>
    public void NoteReading(OpenStatement? reader)
    {
        if (reader is not null && !_isInTransaction && _reading is not { IsFinished: false })
        {
            Volatile.Write(ref _snapshots, _snapshots + 1);
        }

        _reading = reader;
    }
}
