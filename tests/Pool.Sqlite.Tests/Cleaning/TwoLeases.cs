using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Cleaning;

/// <summary>
/// Two leases of a pool with one connection, one after the other: what the first one does, the second must not see.
/// </summary>
public abstract class TwoLeases : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();
    private SqlitePool? _pool;

    private protected TempDatabase Database => _database;

    private protected TestLog Log => _log;

    /// <summary>Set before the first rent.</summary>
    private protected SqlitePoolOptions Options { get; }

    private protected SqlitePool Pool => _pool ??= new SqlitePool(Options, _log);

    protected TwoLeases() => Options = _database.Options(size: 1, overflow: 0);

    /// <summary>
    /// Does something on one lease, then looks at the next one, which must be on the very same native connection: so
    /// what the look sees has been put right, not left behind with a connection that was closed.
    /// </summary>
    private protected void OnTheSameConnection(Action<PooledConnection> first, Action<PooledConnection> second)
    {
        long number;
        using (PooledConnection connection = Pool.Rent())
        {
            number = connection.Number();
            first(connection);
        }

        using (PooledConnection connection = Pool.Rent())
        {
            Assert.Equal(number, connection.Number());
            second(connection);
        }

        Assert.Equal(0, Pool.GetStatistics().Discarded);
    }

    /// <summary>
    /// Does something on one lease that cannot be put right, then looks at the next one: the connection was closed, the
    /// look must see a new one.
    /// </summary>
    private protected void OnAnotherConnection(Action<PooledConnection> first, Action<PooledConnection> second)
    {
        sqlite3 native;
        using (PooledConnection connection = Pool.Rent())
        {
            native = connection.Native();
            first(connection);
        }

        using (PooledConnection connection = Pool.Rent())
        {
            Assert.NotSame(native, connection.Native());
            second(connection);
        }

        Assert.Equal(1, Pool.GetStatistics().Discarded);
        Assert.True(native.IsClosed);
    }

    /// <summary>As either of the two: it is for the pool to say whether it puts right or replaces.</summary>
    private protected void OnTheNextLease(Action<PooledConnection> first, Action<PooledConnection> second)
    {
        using (PooledConnection connection = Pool.Rent())
        {
            first(connection);
        }

        using (PooledConnection connection = Pool.Rent())
        {
            second(connection);
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        _pool?.Dispose();
        _log.Dispose();
        _database.Dispose();
    }
}
