using System.Data;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <content>Its way out of the pool, and home.</content>
public sealed partial class SqlitePoolConnection
{
    private static readonly StateChangeEventArgs Opened = new(ConnectionState.Closed, ConnectionState.Open);
    private static readonly StateChangeEventArgs Closed = new(ConnectionState.Open, ConnectionState.Closed);

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
                item = _pool!.RentEntry(CancellationToken.None);
                if (item.Value.File.HasMoved(looksAtWal: false))
                {
                    PoolEntry<PhysicalConnection> moved = item;
                    item = null;
                    _pool.Return(moved);
                    item = _pool.RentEntry(CancellationToken.None);
                }
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
                item = await _pool!.RentEntryAsync(cancellationToken).ConfigureAwait(false);
                if (item.Value.File.HasMoved(looksAtWal: false))
                {
                    PoolEntry<PhysicalConnection> moved = item;
                    item = null;
                    _pool.Return(moved);
                    item = await _pool.RentEntryAsync(cancellationToken).ConfigureAwait(false);
                }
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
}
