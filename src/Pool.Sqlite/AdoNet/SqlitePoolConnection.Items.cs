using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <content>
/// The lease that an item of the write queue gets: for that item alone, on a connection that serves others.
/// </content>
public sealed partial class SqlitePoolConnection
{
    private volatile bool _itemEnded;

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
