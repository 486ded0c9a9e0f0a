using System.Data;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// The driver's own object, which belongs to the pool also while the caller's code has it: that can do with it what no
/// statement shows, and close it.
/// </summary>
internal sealed class DriverAccess : IDisposable
{
    private const string QueryOnly = "PRAGMA query_only";

    private readonly SqliteConnection _driver;
    private readonly sqlite3 _handle;
    private readonly Action _closedByCode;
    private Exposure? _exposure;
    private HashSet<object>? _setUps;
    private HandleHold? _hold;
    private bool _isQueryOnly;

    /// <param name="driver">The driver's object, open.</param>
    /// <param name="handle">Its native handle.</param>
    /// <param name="closedByCode">Called when the driver's object is closed before this is disposed.</param>
    public DriverAccess(SqliteConnection driver, sqlite3 handle, Action closedByCode)
    {
        _driver = driver;
        _handle = handle;
        _closedByCode = closedByCode;
        driver.StateChange += OnStateChange;
    }

    /// <summary>True while the lease has the driver's object.</summary>
    public bool IsExposed { get; private set; }

    /// <summary>True once a lease has had it.</summary>
    public bool WasExposed => _exposure is not null;

    /// <summary>
    /// True once the driver's object was closed by the caller's code: nothing can be done with it any more.
    /// </summary>
    public bool IsClosedByCaller => !ReferenceEquals(_driver.Handle, _handle);

    public static InvalidOperationException ClosedByCaller() =>
        new(
            "The driver's connection (SqliteConnection) was closed, disposed or opened again by the caller's code. It belongs to the "
                + "pool: leave it open, and dispose the lease instead. What was not committed before is undone, and the pool does not "
                + "use this connection again."
        );

    /// <exception cref="InvalidOperationException">The caller's code has closed the driver's object.</exception>
    public void ThrowIfClosedByCaller()
    {
        if (IsClosedByCaller)
        {
            throw ClosedByCaller();
        }
    }

    /// <summary>From now on code of the caller's has the driver's object.</summary>
    public void HoldHandle() => _hold ??= new HandleHold(_handle);

    /// <summary>The lease gets the driver's object.</summary>
    /// <param name="toRead">True where SQLite is to refuse what is written, through that object as well.</param>
    public void BeginExposure(bool toRead)
    {
        IsExposed = true;
        HoldHandle();
        _exposure ??= new Exposure(_driver);
        _exposure.Begin();
        if (toRead && NativeSql.Scalar(_handle, QueryOnly) == "0")
        {
            SetQueryOnly("1");
            _isQueryOnly = true;
        }
    }

    /// <summary>The lease is back.</summary>
    public void EndExposure()
    {
        IsExposed = false;
        if (_isQueryOnly)
        {
            _isQueryOnly = false;
            SetQueryOnly("0");
        }
    }

    /// <inheritdoc cref="Exposure.TryEnd"/>
    public bool TryRestore() => _exposure!.TryEnd();

    /// <summary>Has something registered on the connection that stays with it: once for each key.</summary>
    public void SetUpOnce(object key, Action<SqliteConnection> setUp)
    {
        if (_setUps?.Contains(key) == true)
        {
            return;
        }

        UserCallback.Run(setUp, _driver);

        // An exposed connection is given up anyway after this; otherwise what is there now is what it is compared with.
        if (!IsExposed)
        {
            (_setUps ??= []).Add(key);
            _exposure?.Dispose();
            _exposure = null;
        }
    }

    /// <summary>Closes the driver's object, also when the caller's code has done so.</summary>
    public void Dispose()
    {
        _driver.StateChange -= OnStateChange;
        _exposure?.Dispose();
        _driver.Dispose();
        _hold?.Dispose();
    }

    // A version of SQLite may set it when the PRAGMA is prepared or when it is run. Only preparing it leaves alone what
    // else is prepared, and what is running.
    private void SetQueryOnly(string value)
    {
        string set = $"{QueryOnly}={value}";
        NativeSql.Prepare(_handle, set);
        if (NativeSql.Scalar(_handle, QueryOnly) != value)
        {
            NativeSql.Scalar(_handle, set);
        }
    }

    private void OnStateChange(object sender, StateChangeEventArgs change)
    {
        if (change.CurrentState == ConnectionState.Closed)
        {
            _closedByCode();
        }
    }
}
