using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Diagnostics.Records;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <content>What others see of it while somebody holds it: plain fields, never the native handle.</content>
internal sealed partial class PhysicalConnection
{
    private OpenStatement? _reading;
    private bool _seenInTransaction;
    private long _snapshots;

    /// <summary>What is known of the current lease.</summary>
    public LeaseRecord Notes { get; } = new();

    /// <summary>The SQL that is being run; set and cleared by the command.</summary>
    public string? Running { get; set; }

    /// <summary>The SQL that is being run, or whose rows are being read.</summary>
    public string? CurrentSql => Running ?? (_reading is { IsFinished: false } reading ? reading.Text.Sql : null);

    /// <summary>
    /// Counts up with each state of the database that is read from: a transaction, or a reader outside one. 0 while there is
    /// none.
    /// </summary>
    public long Snapshot => _seenInTransaction || _reading is { IsFinished: false } ? Volatile.Read(ref _snapshots) : 0;

    /// <summary>The housekeeper wants to know how the page cache does: at the next return, when nothing runs.</summary>
    public bool WantsCacheLook { get; set; }

    /// <summary>Counts failures that lie in the database; null for a connection that belongs to no pool's figures.</summary>
    public StatementFailures? Failures { get; set; }

    /// <summary>Counts a failed statement where its failure says something of the database. An exception filter: always false.</summary>
    public bool NoteFailure(SqliteException failure)
    {
        Failures?.Record(failure.SqliteErrorCode);
        IsRetired |= !_isTheDatabase && !_isReadOnly && ConnectionFailure.MayBeItsOwn(failure);
        return false;
    }

    /// <summary>To be called by the holder after whatever can begin or end a transaction.</summary>
    public void NoteTransaction()
    {
        bool now = IsInTransaction;
        if (now && !_seenInTransaction)
        {
            Volatile.Write(ref _snapshots, _snapshots + 1);
        }

        _seenInTransaction = now;
    }

    /// <summary>How the page cache has done since the last look. For the holder, while no statement runs.</summary>
    public CacheFigures LookAtCache(long cacheBytes)
    {
        WantsCacheLook = false;
        _ = raw.sqlite3_db_status(Handle, raw.SQLITE_DBSTATUS_CACHE_HIT, out int hits, out _, resetFlg: 1);
        _ = raw.sqlite3_db_status(Handle, raw.SQLITE_DBSTATUS_CACHE_MISS, out int misses, out _, resetFlg: 1);
        _ = raw.sqlite3_db_status(Handle, raw.SQLITE_DBSTATUS_CACHE_USED, out int used, out _, resetFlg: 0);
        return new CacheFigures(hits, misses, cacheBytes > 0 ? (double)used / cacheBytes : 0);
    }

    private void NoteReading(OpenStatement? reader)
    {
        if (reader is not null && !_seenInTransaction && _reading is not { IsFinished: false })
        {
            Volatile.Write(ref _snapshots, _snapshots + 1);
        }

        _reading = reader;
    }
}
