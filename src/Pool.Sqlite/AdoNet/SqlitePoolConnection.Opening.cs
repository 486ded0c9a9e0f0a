using System.Data;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <content>Its way out of the pool and home, and that of the lease that an item of the write queue gets.</content>
public sealed partial class SqlitePoolConnection
{
    private static readonly StateChangeEventArgs Opened = new(ConnectionState.Closed, ConnectionState.Open);
    private static readonly StateChangeEventArgs Closed = new(ConnectionState.Open, ConnectionState.Closed);
    private volatile bool _itemEnded;

    /// <summary>Rents. Does nothing when open.</summary>
    /// <exception cref="SqlitePoolTimeoutException">None was free in time.</exception>
    /// <exception cref="ObjectDisposedException">The pool, or this connection, is disposed.</exception>
    /// <exception cref="InvalidOperationException">It is being opened already.</exception>
    public override void Open()
    {
        if (TryBeginOpen())
        {
            PoolEntry<PhysicalConnection>? item = null;
            try
            {
                item = Blocking.Result(RentEntry(async: false, CancellationToken.None));
            }
            finally
            {
                EndOpen(item);
            }
        }
    }

    /// <inheritdoc cref="Open"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (TryBeginOpen())
        {
            PoolEntry<PhysicalConnection>? item = null;
            try
            {
                item = await RentEntry(async: true, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                EndOpen(item);
            }
        }
    }

    /// <summary>Gives the connection back. Does nothing when closed. Never throws.</summary>
    public override void Close()
    {
        if (_use.TryClose())
        {
            Return();
        }
    }

    /// <summary>
    /// As <see cref="Close"/>, unless the connection has been closed, and perhaps opened again, since then.
    /// </summary>
    /// <param name="opens">What <see cref="Opens"/> was.</param>
    internal void CloseLease(int opens)
    {
        UseAttempt use = _use.TryEnter(Environment.CurrentManagedThreadId);
        if (use != UseAttempt.Closed && Opens == opens)
        {
            Close();
        }

        Exit(outermost: use == UseAttempt.Entered);
    }

    /// <inheritdoc/>
    public override Task CloseAsync()
    {
        Close();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // From the finalizer: the lease was dropped without being disposed.
        _disposed = true;
        if (disposing)
        {
            Close();
            if (ComponentEvents.MayHaveSubscribers(this))
            {
                base.Dispose(disposing);
            }
        }
        else if (_use.TryClose())
        {
            _pool!.Pools.ReturnLeaked(_item!);
            _use.EndClose();
        }
    }

    private bool TryBeginOpen()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_pool is null)
        {
            throw new InvalidOperationException("The connection has no ConnectionString. Set it first.");
        }

        if (IsForItem)
        {
            throw ClosedException();
        }

        return _use.TryBeginOpen();
    }

    private async ValueTask<PoolEntry<PhysicalConnection>> RentEntry(bool async, CancellationToken cancellationToken)
    {
        for (bool isSecond = false; ; isSecond = true)
        {
            PoolEntry<PhysicalConnection> item = async
                ? await _pool!.RentEntryAsync(cancellationToken).ConfigureAwait(false)
                : _pool!.RentEntry(cancellationToken);

            // The return closes what has the old file open.
            if (isSecond || !item.Value.File.HasMoved(looksAtWal: false))
            {
                return item;
            }

            _pool.Return(item);
        }
    }

    private void EndOpen(PoolEntry<PhysicalConnection>? item)
    {
        if (item is null)
        {
            _use.EndOpen(isOpen: false);
            return;
        }

        _item = item;
        _use.CountOpen();
        _use.EndOpen(isOpen: true);

        // Disposed meanwhile: there was nothing to give back yet.
        if (_disposed)
        {
            Close();
            throw ClosedException();
        }

        OnStateChange(Opened);
    }

    // Called by the one thread that has moved the guard to closing.
    private void Return()
    {
        try
        {
            CurrentTransaction?.Abandon();
            CurrentTransaction = null;
            if (IsForItem)
            {
                _itemEnded = true;
                return;
            }

            _pool!.Pools.Return(_item!);
        }
        finally
        {
            _use.EndClose();
        }

        OnStateChange(Closed);
    }

    /// <summary>True when its connection, and the transaction on it, belong to the write queue.</summary>
    internal bool IsForItem
    {
        get => (_role & ItemFlag) != 0;
        private init => _role = value ? (byte)(_role | ItemFlag) : _role;
    }

    internal static SqlitePoolConnection ForItem(SqlitePool pool, PoolEntry<PhysicalConnection> item) =>
        new(pool, item, SqlitePoolConnectionRole.Writer) { IsForItem = true };

    /// <summary>
    /// The item has ended, and this lease with it. False when another thread was still using it; it has finished by
    /// now.
    /// </summary>
    internal bool EndItem()
    {
        Dispose();
        if (_itemEnded)
        {
            return true;
        }

        SpinWait.SpinUntil(() => _itemEnded);
        return false;
    }

    private static ObjectDisposedException ItemHasEnded() =>
        new(
            nameof(SqlitePoolConnection),
            "The connection was lent to one item of the write queue, and that has ended. Do all its work before it returns."
        );
}
