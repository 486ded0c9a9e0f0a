using System.ComponentModel;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.WriteQueue;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <summary>
/// Many small writes in few commits: whatever has queued up while the last batch was written is the next one. A
/// caller's task succeeds only after the COMMIT that contains its item; an item that fails, fails alone and leaves no
/// trace.
/// </summary>
/// <remarks>
/// <para>
/// An item is a function on the writer connection, or one statement. It runs on a thread of the thread pool, inside a
/// transaction with others, and must be synchronous: the connection that it gets is its own only until it returns. It
/// should change nothing but the database, because it can be called more than once: when its batch cannot be committed,
/// every item of it is run again by itself, so that only the guilty fail. It can neither begin nor end a transaction.
/// What it changes in the session (a PRAGMA, a temp table) the others of its batch can meet; it is put right after the
/// batch.
/// </para>
/// <para>
/// An item that is enqueued from inside another runs at once, in a savepoint inside the other's: its task is completed
/// when the call returns, and it is stored if and only if the outer one is.
/// </para>
/// <para>All members can be called from any thread at any time.</para>
/// </remarks>
#pragma warning disable CA1711 // It is a queue.
public sealed partial class SqlitePoolWriteQueue
#pragma warning restore CA1711
{
    private readonly IWriterSource _pool;
    private readonly WriteCounters _counters = new();
    private readonly SqlitePoolWriteQueueOptions _options;

    // From the first write on, or the close: many pools never have one.
    private WriteLoop? _loop;

    internal SqlitePoolWriteQueue(IWriterSource pool, SqlitePoolWriteQueueOptions options)
    {
        _pool = pool;
        _options = options;
    }

    private WriteLoop Loop =>
        Volatile.Read(ref _loop)
        ?? Interlocked.CompareExchange(ref _loop, new WriteLoop(_pool, _options, _counters), null)
        ?? _loop!;

    /// <summary>
    /// Raised for each posted item that fails, after its batch. It is called by the queue itself, which goes on when it
    /// returns; what it throws is logged.
    /// </summary>
    public event EventHandler<SqlitePoolWriteFailedEventArgs>? PostFailed;

    /// <summary>Runs a function on the writer connection, together with what else is queued.</summary>
    /// <param name="work">What to write, synchronously. It can be called more than once.</param>
    /// <param name="cancellationToken">
    /// Cancels the item as long as it has not begun. Pass it on to the commands inside to have it stop those; an item
    /// that then ends with <see cref="OperationCanceledException"/> is cancelled and leaves no trace, one that does not
    /// is stored.
    /// </param>
    /// <returns>What the function answered, once that is committed.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled, and nothing of it is stored.</exception>
    /// <exception cref="TimeoutException">
    /// It waited for longer than <see cref="SqlitePoolWriteQueueOptions.ItemTimeout"/>, and never ran.
    /// </exception>
    /// <exception cref="SqliteException">
    /// SQLite refuses its statements or its COMMIT, the writer connection cannot be opened, or another process held the
    /// lock for longer than <see cref="SqlitePoolOptions.RentTimeout"/>. Nothing of it is stored.
    /// </exception>
    /// <exception cref="SqlitePoolTimeoutException">
    /// Another writer of this process did not let go within <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">
    /// The pool is closed, or was closed and could not commit it within
    /// <see cref="SqlitePoolOptions.ShutdownTimeout"/>.
    /// </exception>
    /// <exception cref="ArgumentException">The function is asynchronous.</exception>
    public Task<T> EnqueueAsync<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (AsynchronousResult.Is(typeof(T)))
        {
            throw new ArgumentException(
                "An item of the write queue must be synchronous. Use WriteAsync for asynchronous work.",
                nameof(work)
            );
        }

        return Enqueue(new FunctionItem<T>(_counters, work), cancellationToken);
    }

    /// <inheritdoc cref="EnqueueAsync{T}"/>
    /// <returns>Completed once the item is committed.</returns>
    public Task EnqueueAsync(Action<SqlitePoolConnection> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Enqueue(new ActionItem(_counters, work), cancellationToken);
    }

    /// <summary>
    /// Queues a function that is not awaited. When it fails, <see cref="PostFailed"/> and the log tell, and it is
    /// counted.
    /// </summary>
    /// <param name="work">What to write, synchronously. It can be called more than once.</param>
    /// <returns>False when the queue is full or closed: then it never runs.</returns>
    public bool TryPost(Action<SqlitePoolConnection> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return TryPost(new PostedAction(_counters, this, work));
    }

    /// <summary>
    /// Not possible: an item of the queue is synchronous. (Without this overload it would compile, and fail unnoticed.)
    /// </summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("An item of the write queue must be synchronous. Use WriteAsync for asynchronous work.", error: true)]
    public bool TryPost(Func<SqlitePoolConnection, Task> work) =>
        throw new NotSupportedException(
            "An item of the write queue must be synchronous. Use WriteAsync for asynchronous work."
        );

    /// <summary>
    /// Ends when everything that was accepted before is committed, or has failed and its caller been told.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; what is queued stays queued.</param>
    /// <exception cref="InvalidOperationException">
    /// It is called inside an item, which is itself not committed yet.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SqliteException">
    /// Nothing can be written; what was queued has failed with the same reason.
    /// </exception>
    /// <exception cref="ObjectDisposedException">
    /// The pool was closed, and not everything could be committed in time.
    /// </exception>
    public Task FlushAsync(CancellationToken cancellationToken = default)
    {
        if (Loop.IsInsideItem)
        {
            throw new InvalidOperationException(
                "Inside an item there is nothing to wait for: it is committed after it has returned."
            );
        }

        return Loop.IsQuiet && !cancellationToken.IsCancellationRequested
            ? Task.CompletedTask
            : Enqueue(new FlushItem(_counters), cancellationToken);
    }

    internal SqlitePoolWriteQueueStatistics GetStatistics() =>
        _counters.Read(_options.Capacity, Volatile.Read(ref _loop)?.Queued ?? 0);

    /// <summary>Accepts nothing more. Answers a task that ends when everything accepted is settled.</summary>
    internal Task Close() => Loop.Close();

    /// <summary>Fails what is not committed.</summary>
    /// <returns>How many items that were.</returns>
    internal int Abandon() => Loop.Abandon();

    internal void OnPostFailed(Exception exception, string? sql)
    {
        _pool.Logger.PostFailed(exception, _pool.Name, sql ?? "a function");
        if (PostFailed is not { } handlers)
        {
            return;
        }

        foreach (EventHandler<SqlitePoolWriteFailedEventArgs> handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                UserCallback.Run(handler => handler(this, new SqlitePoolWriteFailedEventArgs(exception, sql)), handler);
            }
            // Its failure must not be that of others.
            catch (Exception e)
            {
                _pool.Logger.PostFailedHandlerFailed(e, _pool.Name);
            }
        }
    }

    private Task<T> Enqueue<T>(AwaitedItem<T> item, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Cancellation.Of<T>(cancellationToken);
        }

        if (Loop.IsBesideItem)
        {
            return Task.FromException<T>(
                new InvalidOperationException(
                    "A task that an item of this queue has started cannot wait for another item: that one comes after the batch in which "
                        + "the first runs, and where the first waits for the task neither would end. Enqueue it on the item's own thread, "
                        + "where it runs at once as a part of it; or after the item has ended; or use TryPost, which nobody waits for."
                )
            );
        }

        if (cancellationToken.CanBeCanceled)
        {
            item.CancelWith(cancellationToken);
        }

        Loop.Add(item);
        if (!item.Task.IsCompleted && _pool.GateHolderOfFlow() is { } holder)
        {
            _ = RefuseIfHolderStops(item, holder);
        }

        return cancellationToken.CanBeCanceled ? item.Task.Exactly() : item.Task;
    }

    private static async Task RefuseIfHolderStops<T>(AwaitedItem<T> item, AmbientWriteGate holder)
    {
        if (await holder.StopsBefore(item.Task).ConfigureAwait(false) && item.TryBegin())
        {
            item.Fail(WriteGate.Reentrant(holder));
        }
    }

    private bool TryPost(WriteItem item)
    {
        if (Loop.TryAdd(item))
        {
            return true;
        }

        _counters.NotePostRefused();
        return false;
    }
}
