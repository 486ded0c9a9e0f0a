using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.WriteQueue;

/// <summary>
/// Writes what is queued. It is started by the first item and rests when nothing is left; in between it goes
/// through the queue of the thread pool after each batch, so that those whose writes are done can come with their next.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing to be given back.")]
internal sealed class WriteLoop : IThreadPoolWorkItem
{
    private readonly IWriterSource _pool;
    private readonly SqlitePoolWriteQueueOptions _options;
    private readonly WriteCounters _counters;
    private readonly TimeProvider _time;
    private readonly WriteBacklog _backlog;
    private readonly WriteItemExecutor _runner;
    private readonly ItemExpiry _expiry;
    private readonly BatchSettlement _settlement;
    private readonly BatchWriter _writer;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _fullBatch;
    private TaskCompletionSource? _gathering;
    private volatile bool _isClosed;
    private bool _flushes;
    private AmbientWriteGate? _mark;
    private int _runs;

    public WriteLoop(IWriterSource pool, SqlitePoolWriteQueueOptions options, WriteCounters counters)
    {
        _pool = pool;
        _options = options;
        _counters = counters;
        _time = pool.Time;
        _backlog = new WriteBacklog(options.Capacity);
        _runner = new WriteItemExecutor(pool);
        _expiry = new ItemExpiry(pool.Name, options.ItemTimeout, _time, _backlog);
        _settlement = new BatchSettlement(pool, _backlog, EndIfDrained);
        _writer = new BatchWriter(
            pool,
            options.MaxBatchSize,
            counters,
            _backlog,
            _runner,
            _expiry,
            _settlement,
            _abandoned.Token
        );
        _fullBatch = Math.Min(options.MaxBatchSize, options.Capacity);
    }

    public int Capacity => _options.Capacity;

    public int Queued => _backlog.Count;

    public bool IsInsideItem => _runner.IsInsideItem;

    /// <summary>True in a task that an item has started, while the batch of that item is being written.</summary>
    public bool IsBesideItem => !IsInsideItem && Volatile.Read(ref _mark) is { IsOfCurrentFlow: true };

    /// <summary>
    /// True when nothing is queued or being written. (First the count: what was taken is then being written.)
    /// </summary>
    public bool IsQuiet => _backlog.IsEmpty && Volatile.Read(ref _runs) == 0 && _settlement.IsQuiet;

    /// <summary>Queues an item, once there is room.</summary>
    public void Add(WriteItem item)
    {
        if (!TryAdd(item))
        {
            _ = AddWhenThereIsRoom(item);
        }
    }

    /// <summary>Queues an item if there is room; inside another item, runs it.</summary>
    public bool TryAdd(WriteItem item)
    {
        if (IsInsideItem)
        {
            _runner.RunInline(item);
            return true;
        }

        item.ArrivedAt = _time.GetTimestamp();
        if (!_backlog.TryAdd(item))
        {
            return false;
        }

        Start(item);
        return true;
    }

    /// <summary>Accepts nothing more. Answers a task that ends when everything accepted is settled.</summary>
    public Task Close()
    {
        _isClosed = true;
        _backlog.Close();
        Volatile.Read(ref _gathering)?.TrySetResult();
        EndIfDrained();
        return _drained.Task;
    }

    /// <summary>The time is up: fails what is not committed, also what is being run at this moment.</summary>
    public int Abandon()
    {
        WriteItem[] items = _backlog.Abandon();
        _abandoned.Cancel();
        Fail(items, ClosedTooSoon());
        return items.Length;
    }

    void IThreadPoolWorkItem.Execute() => _ = WriteOneBatch();

    private async Task AddWhenThereIsRoom(WriteItem item)
    {
        using CancellationTokenSource? limit =
            _options.ItemTimeout == Timeout.InfiniteTimeSpan ? null : new(_options.ItemTimeout, _time);
        using CancellationTokenSource? either = limit is null
            ? null
            : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, item.Token);
        ValueTask added = _backlog.Add(item, either?.Token ?? item.Token);
        bool waits = item.Writes && !added.IsCompleted;
        if (waits)
        {
            _counters.NoteWaitForRoom();
        }

        try
        {
            await added.ConfigureAwait(false);
            Start(item);
        }
        catch (ChannelClosedException)
        {
            item.Fail(_pool.ClosedException());
        }
        catch (OperationCanceledException e)
        {
            item.Fail(item.Token.IsCancellationRequested ? e : _expiry.WaitedTooLong());
        }
        finally
        {
            if (waits)
            {
                _counters.NoteRoom(_time.GetElapsedTime(item.ArrivedAt));
            }
        }
    }

    // An item is added before the loop is found to rest or not; the loop rests before it looks for items once more. So
    // one of the two sees the other.
    private void Start(WriteItem item)
    {
        if (!item.Writes)
        {
            Volatile.Write(ref _flushes, true);
        }

        if (Interlocked.CompareExchange(ref _runs, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        else if (Volatile.Read(ref _gathering) is { } gathering && (!item.Writes || _backlog.Count >= _fullBatch))
        {
            gathering.TrySetResult();
        }
    }

    private async Task WriteOneBatch()
    {
        // Seen by what the items call: see AmbientWriteGate.
        AmbientWriteGate mark = AmbientWriteGate.Prepare(bindsTasks: true);
        Volatile.Write(ref _mark, mark);
        int waiting = 0;
        try
        {
            await Gather().ConfigureAwait(false);
            waiting = _backlog.Count;
            await WriteUntilCommitted().ConfigureAwait(false);
        }
        // Whatever it is, the tasks that wait fail with it, and the next batch is tried.
        catch (Exception e)
        {
            FailWaiting(e, waiting);
        }
        finally
        {
            mark.EndUnlessHeld();
            GoOnOrRest();
        }
    }

    private void GoOnOrRest()
    {
        if (_backlog.IsEmpty)
        {
            Interlocked.Exchange(ref _runs, 0);
            EndIfDrained();
            if (_backlog.IsEmpty || Interlocked.CompareExchange(ref _runs, 1, 0) != 0)
            {
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void EndIfDrained()
    {
        if (_isClosed && IsQuiet)
        {
            _drained.TrySetResult();
        }
    }

    private async ValueTask Gather()
    {
        if (_options.MaxBatchDelay == TimeSpan.Zero || _backlog.RunsAgain)
        {
            return;
        }

        TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _gathering, enough);
        if (_backlog.Count < _fullBatch && !_isClosed && !Interlocked.Exchange(ref _flushes, false))
        {
            await enough
                .Task.WaitAsync(_options.MaxBatchDelay, _time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Volatile.Write(ref _gathering, null);
    }

    private async ValueTask WriteUntilCommitted()
    {
        Deadline deadline = new(_time, _pool.WriterTimeout);
        for (int retry = 0; ; retry++)
        {
            TimeSpan pause = Backoff.Delay(retry);
            try
            {
                await _writer.Write().ConfigureAwait(false);
                return;
            }
            catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && deadline.Allows(pause))
            {
                _counters.NoteRetry();
            }
            catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && retry > 0)
            {
                throw StatementErrors.AfterTries(e, retry + 1, deadline.Elapsed);
            }

            await _expiry.During(Pause(pause)).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> Pause(TimeSpan pause)
    {
        await Task.Delay(pause, _time, _abandoned.Token).ConfigureAwait(false);
        return true;
    }

    private void FailWaiting(Exception reason, int waiting)
    {
        // The close cancels the waits; what was queued has been told, but not what was on its way to be committed.
        if (_abandoned.IsCancellationRequested)
        {
            Fail(_backlog.TakeFailed(int.MaxValue), ClosedTooSoon());
            return;
        }

        WriteItem[] items = _backlog.TakeFailed(waiting);
        _pool.Logger.WritesFailed(reason, _pool.Name, items.Length);
        Fail(items, reason);
    }

    private static void Fail(WriteItem[] items, Exception reason) => Array.ForEach(items, item => item.Fail(reason));

    private ObjectDisposedException ClosedTooSoon() =>
        new(
            nameof(SqlitePool),
            $"The pool '{_pool.Name}' was closed, and this write could not be committed within ShutdownTimeout, "
                + $"{_pool.ShutdownTimeout}. Nothing of it is stored."
        );
}
