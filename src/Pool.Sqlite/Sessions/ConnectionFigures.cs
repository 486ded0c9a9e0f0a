using Pool.Sqlite.Diagnostics.Records;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// What the connections of one pool have come to, over all its sources, those that are closed included.
/// </summary>
internal sealed class ConnectionFigures(TimeProvider time, IGroupCommitEvents? syncEvents = null)
{
    private readonly Lock _statementsLock = new();
    private long _statementHits;
    private long _statementMisses;
    private long _cacheHits;
    private long _cacheMisses;
    private double _fullestCache;
    private readonly Lock _fileLock = new();
    private string? _file;
    private GroupCommit? _group;
    private FileGuard? _guard;
    private int _openFiles;
    private int _judgedEngine;
    private Loss? _databaseLost;

    /// <summary>Statements that failed because of the database, not because of what they say.</summary>
    public StatementFailures Failures { get; } = new(time);

    /// <summary>What group commit has done.</summary>
    public SyncFigures Syncs { get; } = new(syncEvents);

    /// <summary>How the page caches have done, as far as was looked.</summary>
    public CacheFigures Cache =>
        new(Interlocked.Read(ref _cacheHits), Interlocked.Read(ref _cacheMisses), Volatile.Read(ref _fullestCache));

    /// <summary>
    /// The size of the <c>-wal</c> file; 0 when there is none. It is never opened: closing it would drop SQLite's
    /// locks.
    /// </summary>
    public long WalBytes =>
        Volatile.Read(ref _file) is { } file && new FileInfo(file + "-wal") is { Exists: true } wal ? wal.Length : 0;

    /// <summary>Has everything closed that has the old file open; set once.</summary>
    public Action? FileMoved { get; set; }

    /// <summary>
    /// True from when the file was found deleted, renamed or replaced until what is there now has been opened.
    /// </summary>
    public bool IsFileMoved { get; private set; }

    /// <summary>True while the file that a connection has open is the newest that the pool knows.</summary>
    public bool IsCurrent(PhysicalConnection connection)
    {
        lock (_fileLock)
        {
            return !IsFileMoved && _guard is { } newest && connection.File.Guard?.IsSameAs(newest) == true;
        }
    }

    /// <summary>A private memory database is gone, with its connection.</summary>
    public void NoteDatabaseLost() => Volatile.Write(ref _databaseLost, new Loss(time.GetTimestamp()));

    /// <summary>True when a private memory database was lost in the last time.</summary>
    public bool WasDatabaseLost(TimeSpan ago) =>
        Volatile.Read(ref _databaseLost) is { } loss && time.GetElapsedTime(loss.At) <= ago;

    /// <summary>A round of the housekeeper: one <c>stat</c>, while anything is open.</summary>
    public void CheckFile()
    {
        if (Volatile.Read(ref _guard) is { HasMoved: true })
        {
            NoteMoved();
        }
    }

    /// <summary>The file is not the one that is open.</summary>
    public void NoteMoved()
    {
        lock (_fileLock)
        {
            _guard = null;
            IsFileMoved = true;
        }

        FileMoved?.Invoke();
    }

    public void NoteFileClosed(PhysicalConnection connection)
    {
        lock (_fileLock)
        {
            // With nothing open, whatever happens to the file is as it should be.
            if (connection.File.Guard is not null && --_openFiles == 0)
            {
                _guard = null;
            }
        }
    }

    /// <summary>The database file, as SQLite has resolved it.</summary>
    public void NoteFile(PhysicalConnection connection)
    {
        if (connection.Writes.GroupCommit is { } group)
        {
            Volatile.Write(ref _group, group);
            group.Subscribe(Syncs);
        }

        lock (_fileLock)
        {
            IsFileMoved = false;
            if (connection.File.Guard is { } guard)
            {
                _openFiles++;
                _guard = guard;
            }
        }

        if (_file is null)
        {
            Volatile.Write(ref _file, raw.sqlite3_db_filename(connection.Handle, "main").utf8_to_string());
        }
    }

    /// <inheritdoc cref="GroupCommit.SyncCommitted"/>
    public ValueTask SyncCommitted() => Volatile.Read(ref _group)?.SyncCommitted() ?? ValueTask.CompletedTask;

    /// <summary>Ends when no commit waits for the disk.</summary>
    public Task WhenSynced() => Volatile.Read(ref _group)?.WhenIdle() ?? Task.CompletedTask;

    /// <summary>The pool is closed: nothing is to be noted any more.</summary>
    public void EndNoting() => Volatile.Read(ref _group)?.Unsubscribe(Syncs);

    /// <summary>Names the network file system of a path; a test puts its own here.</summary>
    public Func<string, string?> NetworkFileSystemOf { get; set; } = NetworkFileSystem.Of;

    /// <summary>True once: for what is to be said once for each pool.</summary>
    public bool TryJudgeEngine() => Interlocked.Exchange(ref _judgedEngine, 1) == 0;

    public void NoteCache(CacheFigures figures)
    {
        Interlocked.Add(ref _cacheHits, figures.Hits);
        Interlocked.Add(ref _cacheMisses, figures.Misses);
        Volatile.Write(ref _fullestCache, Math.Max(_fullestCache, figures.Fullest));
    }

    /// <summary>
    /// Of the connections that are closed, and of these. It never falls, not even while one is being closed.
    /// </summary>
    public (long Hits, long Misses) CountStatements(StatementCache[] open)
    {
        lock (_statementsLock)
        {
            return (
                _statementHits + open.Sum(static statements => statements.Hits),
                _statementMisses + open.Sum(static statements => statements.Misses)
            );
        }
    }

    public void NoteClosed(StatementCache statements)
    {
        lock (_statementsLock)
        {
            (long hits, long misses) = statements.TakeCounts();
            _statementHits += hits;
            _statementMisses += misses;
        }
    }

    private sealed record Loss(long At);
}
