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
                item = _pool!.RentItem(CancellationToken.None);
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
                item = await _pool!.RentItemAsync(cancellationToken).ConfigureAwait(false);
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

    /// <inheritdoc/>
    public override Task CloseAsync()
    {
        Close();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // From the finalizer: whoever rented it forgot it. From Dispose: the usual way home.
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
            _pool!.ReturnLeaked(_item!);
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
        _item = item ?? _item;
        _use.EndOpen(isOpen: item is not null);
        if (item is null)
        {
            return;
        }

        // Disposed meanwhile: there was nothing to give back yet.
        if (_disposed)
        {
            Close();
            throw ClosedException();
        }

        OnStateChange(Opened);
    }

    private void Return()
    {
        if (IsForItem)
        {
            _itemEnded = true;
            return;
        }

        CurrentTransaction?.Abandon();
        CurrentTransaction = null;
        _pool!.Return(_item!);
        OnStateChange(Closed);
    }
}
