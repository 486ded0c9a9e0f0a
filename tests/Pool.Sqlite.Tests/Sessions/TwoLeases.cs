using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>
/// Two leases of a pool with one connection, one after the other: what the first one does, the second must not see.
/// </summary>
/// <remarks>
/// The native connection is known from the hook that sees each one opened: asking the lease for it would itself be
/// something that is done to the connection. The clock of the pool stands: an open that takes a second on this machine
/// is no warning, and no housekeeper looks at connections.
/// </remarks>
public abstract class TwoLeases : IDisposable
{
    private readonly List<SqliteConnection> _opened = [];
    private SqlitePool? _pool;

    protected TwoLeases() => Options = Database.Options(size: 1, overflow: 0);

    private protected TempDatabase Database { get; } = new();

    private protected TestLog Log { get; } = new();

    /// <summary>Set before the first rent.</summary>
    private protected SqlitePoolOptions Options { get; }

    private protected SqlitePool Pool => _pool ??= MakePool();

    /// <summary>
    /// Does something on one lease, then looks at the next one, which must be on the very same native connection: so
    /// what the look sees has been put right, not left behind with a connection that was closed.
    /// </summary>
    private protected void OnTheSameConnection(Action<SqlitePoolConnection> first, Action<SqlitePoolConnection> second)
    {
        long number;
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            number = connection.Number();
            first(connection);
        }

        using (SqlitePoolConnection connection = Pool.Rent())
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
    private protected void OnAnotherConnection(Action<SqlitePoolConnection> first, Action<SqlitePoolConnection> second)
    {
        sqlite3 native;
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            native = _opened[^1].Handle!;
            first(connection);
        }

        using (SqlitePoolConnection connection = Pool.Rent())
        {
            Assert.Equal(2, _opened.Count);
            Assert.NotSame(native, _opened[1].Handle);
            Assert.True(native.IsClosed);
            second(connection);
        }

        Assert.Equal(1, Pool.GetStatistics().Discarded);
    }

    /// <summary>As either of the two: it is for the pool to say whether it puts right or replaces.</summary>
    private protected void OnTheNextLease(Action<SqlitePoolConnection> first, Action<SqlitePoolConnection> second)
    {
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            first(connection);
        }

        using (SqlitePoolConnection connection = Pool.Rent())
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
        Log.Dispose();
        Database.Dispose();
    }

    private SqlitePool MakePool()
    {
        Action<SqliteConnection>? hook = Options.ConnectionOpened;
        Options.ConnectionOpened = connection =>
        {
            _opened.Add(connection);
            hook?.Invoke(connection);
        };
        return new SqlitePool(Options, Log, new FakeTimeProvider());
    }
}
