using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Writing;

/// <summary>
/// Makes the commits of one database file durable, many with one sync of its WAL. A commit that wrote its frames before
/// a sync began is durable when that has ended; one that came later waits for the next. One object a file and process.
/// </summary>
/// <remarks>
/// The first to wait while no sync is going on syncs on its own thread: alone it must not pay for another. (An
/// asynchronous one does not while other work waits for its thread: see <see cref="CommitTicket.Wait"/>.) Those that
/// come meanwhile wait. When some still do at the end, a thread of its own takes over and goes on as long as there are
/// any: not one of the thread pool, all of whose threads may be blocked by synchronous callers that wait for this very
/// sync.
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A semaphore whose wait handle nobody asks for holds nothing to be given back."
)]
internal sealed class GroupCommit
{
    private static readonly TimeSpan ThreadStays = TimeSpan.FromSeconds(2);

    // sqlite3.h: SQLITE_IOERR_FSYNC.
    private const int SyncFailedCode = 1034;

    private readonly Lock _lock = new();
    private readonly Action _sync;
    private readonly SemaphoreSlim _work = new(0);
    private List<CommitWaiter> _waiters = [];
    private List<CommitWaiter> _spare = [];
    private IGroupCommitEvents[] _events = [];
    private long _committed;
    private long _synced;
    private bool _isSyncing;
    private TaskCompletionSource? _idle;
    private bool _hasThread;
    private long _failedFrom = long.MaxValue;
    private long _failedTo = -1;
    private Exception? _failure;

    /// <param name="sync">Makes durable all that was written before the call; throws when the disk refuses.</param>
    public GroupCommit(Action sync) => _sync = sync;

    /// <summary>Of a database file, by its WAL.</summary>
    public GroupCommit(WalSyncer wal)
        : this(wal.Sync) => Wal = wal;

    /// <summary>The WAL that it syncs; null in tests of this class alone.</summary>
    public WalSyncer? Wal { get; }

    /// <summary>How many commits there were so far.</summary>
    public long Committed => Volatile.Read(ref _committed);

    /// <summary>How many of them the disk has, or has refused.</summary>
    public long Synced => Volatile.Read(ref _synced);

    /// <summary>How many commits wait, for tests.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Count;
            }
        }
    }

    /// <summary>A commit has written its frames. To be called before anyone else can commit.</summary>
    public CommitTicket Take() => new(this, Interlocked.Increment(ref _committed));

    /// <summary>False also when its sync has failed: then <see cref="Wait"/> throws.</summary>
    public bool IsDurable(long number) => Volatile.Read(ref _synced) >= number && number > Volatile.Read(ref _failedTo);

    public void Subscribe(IGroupCommitEvents events)
    {
        lock (_lock)
        {
            _events = _events.Contains(events) ? _events : [.. _events, events];
        }
    }

    public void Unsubscribe(IGroupCommitEvents events)
    {
        lock (_lock)
        {
            _events = [.. _events.Where(each => each != events)];
        }
    }

    /// <inheritdoc cref="CommitTicket.Wait"/>
    /// <param name="number">Of the commit.</param>
    /// <param name="async">False blocks the thread.</param>
    /// <param name="leads">False when the calling thread has something better to do than to sync.</param>
    /// <param name="cancellationToken">Ends the wait, not the commit.</param>
    public ValueTask Wait(long number, bool async, bool leads, CancellationToken cancellationToken)
    {
        CommitWaiter? waiter;
        bool isFirst;
        lock (_lock)
        {
            if (number <= _synced)
            {
                return number >= _failedFrom && number <= _failedTo
                    ? ValueTask.FromException(Failed())
                    : ValueTask.CompletedTask;
            }

            isFirst = !_isSyncing;
            _isSyncing = true;
            waiter = isFirst && leads ? null : new CommitWaiter(number);
            if (waiter is not null)
            {
                _waiters.Add(waiter);
            }
        }

        if (waiter is not null)
        {
            if (isFirst)
            {
                Pass();
            }

            return waiter.Wait(async, cancellationToken);
        }

        Exception? failure = Sync();
        Pass();
        return failure is null ? ValueTask.CompletedTask : ValueTask.FromException(failure);
    }

    /// <summary>
    /// Makes durable what is committed so far, and waits for the sync that is running: afterwards none begins for
    /// those. A sync that the disk refuses is told to those whose commits it was to cover.
    /// </summary>
    public async ValueTask SyncCommitted()
    {
        try
        {
            await Wait(Committed, async: true, leads: false, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SqliteException) { }
    }

    /// <summary>Ends when no sync is running and none is waited for.</summary>
    public Task WhenIdle()
    {
        lock (_lock)
        {
            return _isSyncing
                ? (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    /// <summary>One sync, and its answers. The caller has set <see cref="_isSyncing"/>.</summary>
    /// <returns>Why it failed.</returns>
    private SqliteException? Sync()
    {
        long before = Volatile.Read(ref _synced);
        long covered = Volatile.Read(ref _committed);
        long start = Stopwatch.GetTimestamp();
        Exception? failure = null;
        try
        {
            _sync();
        }
        // It is told to those it was to answer.
        catch (Exception e)
        {
            failure = e;
        }

        List<CommitWaiter> answered;
        IGroupCommitEvents[] events;
        SqliteException? told = null;
        lock (_lock)
        {
            if (failure is not null)
            {
                _failedFrom = Math.Min(_failedFrom, before + 1);
                _failedTo = covered;
                _failure = failure;
                told = Failed();
            }

            Volatile.Write(ref _synced, covered);
            answered = TakeAnswered(covered);
            events = _events;
        }

        Array.ForEach(events, each => Tell(each, failure, covered - before, Stopwatch.GetElapsedTime(start)));
        foreach (CommitWaiter waiter in answered)
        {
            waiter.Answer(told);
        }

        lock (_lock)
        {
            answered.Clear();
            _spare = answered;
        }

        return told;
    }

    private static void Tell(IGroupCommitEvents events, Exception? failure, long commits, TimeSpan time)
    {
        if (failure is null)
        {
            events.Synced(commits, time);
        }
        else
        {
            events.SyncFailed(failure);
        }
    }

    private List<CommitWaiter> TakeAnswered(long covered)
    {
        List<CommitWaiter> answered = _waiters;
        _waiters = _spare;
        _spare = [];
        for (int i = answered.Count - 1; i >= 0; i--)
        {
            if (answered[i].Number > covered)
            {
                _waiters.Add(answered[i]);
                answered.RemoveAt(i);
            }
        }

        return answered;
    }

    /// <summary>Ends the sync, or has the thread go on for those who wait.</summary>
    private void Pass()
    {
        bool starts;
        lock (_lock)
        {
            if (_waiters.Count == 0)
            {
                EndSyncingUnsynchronized();
                return;
            }

            starts = !_hasThread;
            _hasThread = true;

            // Not after the lock: a thread that is about to end must see it.
            _work.Release();
        }

        if (starts)
        {
            new Thread(Run) { IsBackground = true, Name = "Pool.Sqlite group commit" }.UnsafeStart();
        }
    }

    private void Run()
    {
        for (; ; )
        {
            if (!_work.Wait(ThreadStays))
            {
                lock (_lock)
                {
                    if (_work.CurrentCount == 0)
                    {
                        _hasThread = false;
                        return;
                    }
                }

                continue;
            }

            for (bool goesOn = true; goesOn; )
            {
                Sync();
                lock (_lock)
                {
                    goesOn = _waiters.Count > 0;
                    if (!goesOn)
                    {
                        EndSyncingUnsynchronized();
                    }
                }
            }
        }
    }

    private void EndSyncingUnsynchronized()
    {
        _isSyncing = false;
        _idle?.SetResult();
        _idle = null;
    }

    private SqliteException Failed() =>
        new(
            "The write is in the database and visible, but the disk refused to make it durable: it may not survive a power failure. "
                + _failure!.Message,
            raw.SQLITE_IOERR,
            SyncFailedCode
        );
}
