using Microsoft.Data.Sqlite;
using Pool.Sqlite.Leasing;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Connections;

/// <summary>One connection to SQLite: opened and set up once, cleaned after each lease, closed once.</summary>
internal sealed class PhysicalConnection
{
    private IReadOnlyList<Pragma> _pragmas;
    private readonly SessionWatch _watch;
    private readonly List<OpenReader> _readers = [];
    private readonly TimeSpan _rentTimeout;
    private Exposure? _exposure;
    private bool _isExposed;
    private bool _inSnapshot;
    private GateFlow? _gateFlow;

    private PhysicalConnection(
        SqliteConnection driver, DatabaseTarget target, IReadOnlyList<Pragma> pragmas, SqlitePoolOptions options)
    {
        Driver = driver;
        _rentTimeout = options.RentTimeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : options.RentTimeout;
        BusyTimeoutMilliseconds = (int)options.Pragmas.BusyTimeout.TotalMilliseconds;
        Handle = driver.Handle!;
        _pragmas = pragmas;
        _watch = new SessionWatch(pragmas);
        Statements = new StatementCache(driver, _watch, options.StatementCacheSize);
        Gate = target.Kind switch
        {
            DatabaseKind.PrivateMemory => new WriteGate(),
            DatabaseKind.SharedMemory => WriteGate.For(target.OpenString),

            // As SQLite has resolved it, links and all.
            _ => WriteGate.For(raw.sqlite3_db_filename(Handle, "main").utf8_to_string()),
        };
    }

    public SqliteConnection Driver { get; }

    public sqlite3 Handle { get; }

    public StatementCache Statements { get; }

    public StopSignal Stop { get; } = new();

    /// <summary>The gate of the file; <see cref="HoldsGate"/> says whether this connection is the one inside.</summary>
    public WriteGate Gate { get; }

    public bool HoldsGate { get; set; }

    /// <summary>True when the gate is held for the whole lease, not only while something is being written.</summary>
    public bool KeepsGate { get; set; }

    /// <summary>True once the current lease has done anything with the connection.</summary>
    public bool IsTouched { get; set; }

    /// <summary>True when the current lease wants it closed on return.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Where the current lease was made, and when, if that is captured.</summary>
    public RentSite? RentSite { get; set; }

    public int BusyTimeoutMilliseconds { get; }

    public bool IsInTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <exception cref="SqliteException">The file cannot be opened, or a PRAGMA was refused or did not take.</exception>
    public static PhysicalConnection Open(DatabaseTarget target, IReadOnlyList<Pragma> pragmas, SqlitePoolOptions options)
    {
        SqliteConnection driver = new(target.OpenString);
        string doing = "opening it";
        try
        {
            driver.Open();
            driver.Handle!.enable_sqlite3_next_stmt(true);
            PhysicalConnection connection = new(driver, target, pragmas, options);
            foreach (Pragma pragma in pragmas)
            {
                doing = $"applying {pragma.Set}";
                connection.Apply(pragma);
            }

            doing = "calling the ConnectionOpened hook";
            if (options.ConnectionOpened is { } opened)
            {
                Hook.Run(opened, driver);
                connection.KeepAsTheHookLeftThem();
            }

            connection._watch.Attach(connection.Handle);
            connection.Stop.Attach(connection.Handle);
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
        if (!_isExposed)
        {
            IsTouched = _isExposed = true;
            _exposure ??= new Exposure(Driver);
            _exposure.Begin();
        }

        return Driver;
    }

    public OpenReader AddReader(SqliteDataReader reader, Statement statement, bool writes)
    {
        // Those that were closed without their command being disposed: a long lease would collect them.
        if (_readers.Count >= 16)
        {
            for (int i = _readers.Count - 1; i >= 0; i--)
            {
                if (_readers[i].Reader.IsClosed)
                {
                    Finish(_readers[i]);
                }
            }
        }

        OpenReader open = new(reader, statement, writes);
        _readers.Add(open);
        return open;
    }

    /// <summary>Closes a reader if that is still open, and puts its statement back, for the next who has the same text.</summary>
    public void Finish(OpenReader open)
    {
        if (open.IsFinished)
        {
            return;
        }

        open.Reader.Dispose();
        open.IsFinished = true;
        _readers.Remove(open);
        open.Statement.Driver.Parameters.Clear();
        Statements.PutBack(open.Statement);
        ReleaseGateIfDone();
    }

    /// <summary>Tries a statement of the pool's own that has no parameters.</summary>
    /// <returns>False when somebody else's lock is in the way.</returns>
    /// <exception cref="SqliteException">SQLite refuses it for another reason.</exception>
    public bool TryStep(string sql)
    {
        Statement statement = Statements.Take(sql);
        try
        {
            int result = raw.sqlite3_step(statement.Native);
            if (IsLocked(result))
            {
                return false;
            }

            ThrowUnlessDone(result);
            return true;
        }
        finally
        {
            _ = raw.sqlite3_reset(statement.Native);
            Statements.PutBack(statement);
        }
    }

    /// <summary>As <see cref="TryStep"/>, where a lock is an error like any other.</summary>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    public void Step(string sql)
    {
        if (!TryStep(sql))
        {
            throw new SqliteException($"{sql} failed: the database is locked.", raw.SQLITE_BUSY);
        }
    }

    /// <summary>
    /// True when another connection's lock is in the way, so that trying again can help. Not so SQLITE_BUSY_SNAPSHOT,
    /// nor a table that this connection itself has locked.
    /// </summary>
    public bool IsLocked(int result) => result is raw.SQLITE_BUSY or raw.SQLITE_LOCKED
        && raw.sqlite3_extended_errcode(Handle) is raw.SQLITE_BUSY or raw.SQLITE_BUSY_RECOVERY or raw.SQLITE_LOCKED_SHAREDCACHE;

    public void ThrowUnlessDone(int result)
    {
        if (result is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            SqliteException.ThrowExceptionForRC(result, Handle);
        }
    }

    /// <summary>Begins the read transaction of a reader lease, once.</summary>
    public void BeginSnapshot()
    {
        if (!_inSnapshot)
        {
            Step("BEGIN");
            _inSnapshot = true;
        }
    }

    /// <summary>Lets go of the write gate when nothing is being written any more.</summary>
    public void ReleaseGateIfDone()
    {
        if (HoldsGate && !KeepsGate && !IsInTransaction && !_readers.Exists(static open => open.Writes))
        {
            ReleaseGate();
        }
    }

    /// <summary>
    /// Marks the current flow as the one that holds the gate, if the gate stays with this connection.
    /// </summary>
    public void MarkGateFlow()
    {
        if (HoldsGate && _gateFlow is null)
        {
            _gateFlow = GateFlow.Mark();
            _gateFlow.Enter();
        }
    }

    public void ReleaseGate()
    {
        if (HoldsGate)
        {
            HoldsGate = KeepsGate = false;
            _gateFlow?.Leave();
            _gateFlow = null;
            Gate.Exit();
        }
    }

    /// <summary>Reads from the file itself: the schema version lies in its first page.</summary>
    public bool Probe()
    {
        try
        {
            return !Handle.IsClosed && NativeSql.Scalar(Handle, "PRAGMA schema_version") is not null;
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
            CloseReaders();
            if (!Handle.IsClosed)
            {
                if (IsInTransaction)
                {
                    NativeSql.Try(Handle, "ROLLBACK");
                }

                if (last)
                {
                    Finish(Handle);
                }
            }

            Statements.Clear();
        }
        finally
        {
            _exposure?.Dispose();
            Driver.Dispose();
            ReleaseGate();
        }
    }

    private CleanUp CleanTouched()
    {
        Stop.Forget();
        CloseReaders();
        if (Driver.Handle is null || Handle.IsClosed)
        {
            return new CleanUp(false, false, "the driver's connection was closed");
        }

        bool rolledBack = EndTransaction();
        ReleaseGate();
        if (_isExposed)
        {
            _isExposed = false;
            if (HasBusyStatement())
            {
                return new CleanUp(false, rolledBack, "a statement that does not belong to a command is still running");
            }

            if (!_exposure!.TryEnd())
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
                Apply(pragma);
            }

            _watch.Forget();
        }

        IsTouched = false;
        return new CleanUp(true, rolledBack, null);
    }

    private bool EndTransaction()
    {
        bool snapshot = _inSnapshot;
        _inSnapshot = false;
        if (!IsInTransaction)
        {
            return false;
        }

        // Nothing was written in a snapshot, so there is nothing to lose.
        Step("ROLLBACK");
        return !snapshot;
    }

    private void CloseReaders()
    {
        if (_readers.Count == 0)
        {
            return;
        }

        bool open = _readers.Exists(static open => !open.Reader.IsClosed) && !Handle.IsClosed;
        if (open)
        {
            RefuseRestOfBatches();
        }

        for (int i = _readers.Count - 1; i >= 0; i--)
        {
            Finish(_readers[i]);
        }

        if (open)
        {
            _watch.RefusesAll = false;
            Statements.Clear();
        }
    }

    // A reader that is disposed runs what is left of its batch. With all statements gone but the one whose rows it is
    // reading, and new ones refused, there is nothing to run.
    private void RefuseRestOfBatches()
    {
        _watch.RefusesAll = true;
        sqlite3_stmt?[] current = [.. _readers.Select(static open => open.Reader.IsClosed ? null : open.Reader.Handle)];
        List<sqlite3_stmt> others = [];
        for (sqlite3_stmt? s = raw.sqlite3_next_stmt(Handle, null); s is not null; s = raw.sqlite3_next_stmt(Handle, s))
        {
            if (!current.Contains(s) && s != _exposure?.Sentinel)
            {
                others.Add(s);
            }
        }

        others.ForEach(static statement => statement.Dispose());
    }

    private bool HasBusyStatement()
    {
        for (sqlite3_stmt? s = raw.sqlite3_next_stmt(Handle, null); s is not null; s = raw.sqlite3_next_stmt(Handle, s))
        {
            if (raw.sqlite3_stmt_busy(s) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private void Apply(Pragma pragma)
    {
        string? actual = pragma.Name == Pragma.JournalMode ? SetJournalMode(pragma) : Set(pragma);
        bool unsupported = actual is null && pragma.Name == "mmap_size";
        if (pragma.CanBeRead && !unsupported && !pragma.IsReadAs(actual))
        {
            throw new SqliteException(
                actual is null
                    ? $"PRAGMA {pragma.Name} is not known to this SQLite ({raw.sqlite3_libversion().utf8_to_string()})."
                    : $"PRAGMA {pragma.Name} was set to {pragma.Value} but reads back as {actual}.",
                raw.SQLITE_ERROR);
        }
    }

    // What the hook has set stays, so that is what a lease's changes are put right to.
    private void KeepAsTheHookLeftThem() => _pragmas =
        [.. _pragmas.Select(pragma => NativeSql.Scalar(Handle, pragma.Get) is { } value ? pragma with { Value = value, ReadsBack = value } : pragma)];

    private string? Set(Pragma pragma)
    {
        NativeSql.Scalar(Handle, pragma.Set);
        return NativeSql.Scalar(Handle, pragma.Get);
    }

    // It belongs to the file, and changing it needs the file for itself for a moment. So one connection of this process
    // does it, asking again as long as another process is in the way; the others find it changed.
    private string? SetJournalMode(Pragma pragma)
    {
        if (Gate.JournalMode == pragma.Value && NativeSql.Scalar(Handle, pragma.Get) is { } known && pragma.IsReadAs(known))
        {
            return known;
        }

        bool enter = !HoldsGate;
        if (enter)
        {
            EnterGateBlocking();
        }

        try
        {
            string? actual = SetJournalModeInGate(pragma);
            Gate.JournalMode = pragma.Value;
            return actual;
        }
        finally
        {
            if (enter)
            {
                Gate.Exit();
            }
        }
    }

    private void EnterGateBlocking()
    {
        if (!Gate.Enter(async: false, _rentTimeout, CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            throw new SqliteException("The write gate of the database was not free in time.", raw.SQLITE_BUSY);
        }
    }

    private string? SetJournalModeInGate(Pragma pragma)
    {
        Deadline deadline = new(TimeProvider.System, TimeSpan.FromMilliseconds(BusyTimeoutMilliseconds));
        _ = raw.sqlite3_busy_timeout(Handle, 0);
        try
        {
            for (; ; )
            {
                try
                {
                    string? actual = NativeSql.Scalar(Handle, pragma.Get);
                    actual = pragma.IsReadAs(actual) ? actual : NativeSql.Scalar(Handle, pragma.Set);

                    // The first read makes the index of the WAL, and is in the way of another first read.
                    NativeSql.Scalar(Handle, "PRAGMA schema_version");
                    return actual;
                }
                catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && deadline.Allows(TimeSpan.Zero))
                {
                    Thread.Sleep(1);
                }
            }
        }
        finally
        {
            _ = raw.sqlite3_busy_timeout(Handle, BusyTimeoutMilliseconds);
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
