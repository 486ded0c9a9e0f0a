using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Connections;

/// <summary>One connection to SQLite: opened and set up once, cleaned after each lease, closed once.</summary>
internal sealed class PhysicalConnection
{
    private readonly IReadOnlyList<Pragma> _pragmas;
    private readonly SessionWatch _watch;
    private readonly List<PooledCommand> _armed = [];
    private string? _functionsBefore;

    private PhysicalConnection(SqliteConnection driver, IReadOnlyList<Pragma> pragmas)
    {
        Driver = driver;
        _pragmas = pragmas;
        _watch = new SessionWatch(pragmas);
    }

    public SqliteConnection Driver { get; }

    /// <summary>The transaction that the current lease has begun, if it was begun through ADO.NET.</summary>
    public PooledTransaction? Transaction { get; set; }

    /// <summary>True once the current lease has done anything with the connection.</summary>
    public bool IsTouched { get; set; }

    /// <summary>True when the current lease wants it closed on return.</summary>
    public bool IsRetired { get; set; }


    /// <summary>Where the current lease was made, and when, if that is captured.</summary>
    public RentSite? RentSite { get; set; }

    /// <exception cref="SqliteException">The file cannot be opened, or a PRAGMA was refused or did not take.</exception>
    public static PhysicalConnection Open(
        DatabaseTarget target, IReadOnlyList<Pragma> pragmas, Action<SqliteConnection>? opened)
    {
        SqliteConnection driver = new(target.OpenString);
        string doing = "opening it";
        try
        {
            driver.Open();
            driver.Handle!.enable_sqlite3_next_stmt(true);
            foreach (Pragma pragma in pragmas)
            {
                doing = $"applying {pragma.Set}";
                Apply(driver.Handle!, pragma);
            }

            doing = "calling the ConnectionOpened hook";
            if (opened is not null)
            {
                Hook.Run(
                    connection =>
                    {
                        opened(connection);
                        return true;
                    },
                    driver);
            }

            PhysicalConnection connection = new(driver, pragmas);
            connection._watch.Attach(driver.Handle!);
            return connection;
        }
        catch (SqliteException e)
        {
            driver.Dispose();
            throw new SqliteException(
                $"SQLite database '{target.DataSource}': {doing} failed. {e.Message}", e.SqliteErrorCode, e.SqliteExtendedErrorCode);
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }

    /// <summary>The driver's own object: from here on the lease can do what no statement shows.</summary>
    public SqliteConnection Expose()
    {
        IsTouched = true;
        _functionsBefore ??= ListFunctions();
        return Driver;
    }

    public void Arm(PooledCommand command)
    {
        IsTouched = true;
        if (!command.IsArmed)
        {
            command.IsArmed = true;
            _armed.Add(command);
        }
    }

    public void Disarm(PooledCommand command)
    {
        if (command.IsArmed)
        {
            command.IsArmed = false;
            _armed.Remove(command);
        }
    }

    /// <summary>Reads from the file itself: the schema version lies in its first page.</summary>
    public bool Probe()
    {
        try
        {
            return Driver.Handle is { IsInvalid: false } handle && NativeSql.Scalar(handle, "PRAGMA schema_version") is not null;
        }
        catch (SqliteException e)
        {
            // Somebody else's lock says nothing against this connection.
            return e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;
        }
    }

    /// <summary>
    /// Makes the connection as it was when it was opened, judging by what SQLite says it is now. Never throws.
    /// </summary>
    /// <returns>What became of it.</returns>
    public CleanUp Clean()
    {
        if (!IsTouched)
        {
            return CleanUp.Clean;
        }

        try
        {
            return CleanTouched();
        }
#pragma warning disable CA1031 // Whatever goes wrong here, the answer is the same: it is not certain, so not used again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CleanUp(false, false, e.Message);
        }
    }

    /// <summary>Rolls back, then closes: closing with an open transaction would fire the driver's rollback hook.</summary>
    public void Close(bool last)
    {
        try
        {
            DisarmAll();
            if (Driver.Handle is { IsInvalid: false, IsClosed: false } handle)
            {
                if (raw.sqlite3_get_autocommit(handle) == 0)
                {
                    NativeSql.Try(handle, "ROLLBACK");
                }

                if (last)
                {
                    Finish(handle);
                }
            }
        }
        finally
        {
            Driver.Dispose();
        }
    }

    private CleanUp CleanTouched()
    {
        DisarmAll();
        if (Driver.Handle is not { IsInvalid: false, IsClosed: false } handle)
        {
            return new CleanUp(false, false, "the driver's connection was closed");
        }

        bool rolledBack = Transaction is not null || raw.sqlite3_get_autocommit(handle) == 0;
        Transaction?.Abandon();
        Transaction = null;
        if (HasBusyStatement(handle))
        {
            return new CleanUp(false, rolledBack, "a statement that does not belong to a command is still running");
        }

        if (raw.sqlite3_get_autocommit(handle) == 0)
        {
            NativeSql.Scalar(handle, "ROLLBACK");
        }

        if (_functionsBefore is not null)
        {
            bool changed = _functionsBefore != ListFunctions();
            _functionsBefore = null;
            if (changed)
            {
                return new CleanUp(false, rolledBack, "functions or collations were registered");
            }
        }

        SessionChanges changes = _watch.Changes;
        if ((changes & ~SessionChanges.OwnPragma) != 0)
        {
            return new CleanUp(false, rolledBack, $"the session was changed: {changes}");
        }

        if (changes != 0)
        {
            foreach (Pragma pragma in _pragmas)
            {
                Apply(handle, pragma);
            }

            _watch.Forget();
        }

        IsTouched = false;
        return new CleanUp(true, rolledBack, null);
    }

    private void DisarmAll()
    {
        if (_armed.Exists(static command => command.HasOpenReader) && Driver.Handle is { IsClosed: false } handle)
        {
            // A reader that is disposed runs what is left of its batch. With its statements gone and new ones refused,
            // there is nothing to run.
            _watch.RefusesAll = true;
            while (raw.sqlite3_next_stmt(handle, null) is { } statement)
            {
                statement.Dispose();
            }
        }

        // From the end: a command takes itself out of the list.
        for (int i = _armed.Count - 1; i >= 0; i--)
        {
            _armed[i].Release();
        }

        _watch.RefusesAll = false;
    }

    private string ListFunctions()
    {
        const string Sql =
            "SELECT (SELECT count(*) || ',' || coalesce(sum(builtin), 0) FROM pragma_function_list) || ';' || "
            + "(SELECT count(*) FROM pragma_collation_list)";
        return NativeSql.Scalar(Driver.Handle!, Sql) ?? "";
    }

    private static bool HasBusyStatement(sqlite3 handle)
    {
        for (sqlite3_stmt? s = raw.sqlite3_next_stmt(handle, null); s is not null; s = raw.sqlite3_next_stmt(handle, s))
        {
            if (raw.sqlite3_stmt_busy(s) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static void Apply(sqlite3 handle, Pragma pragma)
    {
        NativeSql.Scalar(handle, pragma.Set);
        string? actual = NativeSql.Scalar(handle, pragma.Get);
        bool unsupported = actual is null && pragma.Name == "mmap_size";
        if (pragma.CanBeRead && !unsupported && !string.Equals(actual, pragma.ReadsBack, StringComparison.OrdinalIgnoreCase))
        {
            throw new SqliteException(
                actual is null
                    ? $"PRAGMA {pragma.Name} is not known to this SQLite ({raw.sqlite3_libversion().utf8_to_string()})."
                    : $"PRAGMA {pragma.Name} was set to {pragma.Value} but reads back as {actual}.",
                raw.SQLITE_ERROR);
        }
    }

    // As SQLite advises before the last connection closes; a database that cannot be written needs neither.
    private static void Finish(sqlite3 handle)
    {
        NativeSql.Try(handle, "PRAGMA busy_timeout=0");
        NativeSql.Try(handle, "PRAGMA analysis_limit=400");
        NativeSql.Try(handle, "PRAGMA optimize");
        NativeSql.Try(handle, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
}
