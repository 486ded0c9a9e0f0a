using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics.Records;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>One connection to SQLite: opened and set up once, reset after each lease, closed once.</summary>
internal sealed class PhysicalConnection
{
    private readonly StatementAuthorizer _authorizer;
    private readonly OwnStatements _own;
    private readonly SessionReset _reset;
    private readonly ConnectionClosing _closing;
    private readonly bool _isFile;
    private readonly bool _wasExposedToHook;
    private readonly WeakReference<PhysicalConnection> _self;

    /// <summary>A connection that is open, and not set up yet: see <see cref="ConnectionOpening"/>.</summary>
    public PhysicalConnection(
        SqliteConnection driver,
        DatabaseTarget target,
        IReadOnlyList<Pragma> pragmas,
        SqlitePoolOptions options,
        OpeningWait wait
    )
    {
        _self = new WeakReference<PhysicalConnection>(this);
        Driver = driver;
        IsTheDatabase = target.Kind == DatabaseKind.PrivateMemory;
        IsReadOnly = target.IsReadOnly;
        _isFile = target.Kind == DatabaseKind.File;
        _wasExposedToHook = options.ConnectionOpened is not null;
        Handle = driver.Handle!;
        FileName = raw.sqlite3_db_filename(Handle, "main").utf8_to_string() ?? "";
        _authorizer = new StatementAuthorizer(pragmas)
        {
            BusyTimeoutMilliseconds = (int)options.Pragmas.BusyTimeout.TotalMilliseconds,
        };
        WriteGate gate = target.Kind switch
        {
            DatabaseKind.PrivateMemory => new WriteGate(),
            DatabaseKind.SharedMemory => WriteGate.ForMemory(target.MemoryName),

            // As SQLite has resolved it, links and all.
            _ => WriteGate.ForFile(FileName),
        };
        Statements = new StatementCache(options.StatementCacheSize);
        OpenStatements = new OpenStatements(Statements, Activity);
        Access = new DriverAccess(driver, Handle, OnClosedByCode);
        File = new OpenFile(this, _authorizer);
        Writes = new ConnectionWrites(Handle, gate, _authorizer);
        Pragmas = new SessionPragmas(Handle, Writes, _authorizer, pragmas, wait);
        Transaction = new SessionTransaction(this);
        SharedTransaction = new SharedTransaction(this, _authorizer);
        Upkeep = new DatabaseUpkeep(Handle, _authorizer);
        _own = new OwnStatements(this);
        _closing = new ConnectionClosing(this, _authorizer);
        _reset = new SessionReset(this, _authorizer, Pragmas, Access);
    }

    /// <summary>
    /// False for a finalizer when nothing refers to the connection any more: what is native of it is then finalized as
    /// well, in no order, and SQLite must not be called.
    /// </summary>
    public bool IsReachable => _self.TryGetTarget(out _);

    public SqliteConnection Driver { get; }

    public sqlite3 Handle { get; }

    /// <summary>The database file, as SQLite has resolved it; empty in memory.</summary>
    public string FileName { get; }

    public StatementCache Statements { get; }

    /// <summary>The readers that are open, the newest last.</summary>
    public OpenStatements OpenStatements { get; }

    /// <summary>The streams that the lease has opened.</summary>
    public OpenBlobs Blobs { get; } = new();

    public ExecutionInterrupt Stop { get; } = new();

    public DriverAccess Access { get; }

    public OpenFile File { get; }

    public ConnectionWrites Writes { get; }

    public SessionPragmas Pragmas { get; }

    public SessionTransaction Transaction { get; }

    public SharedTransaction SharedTransaction { get; }

    public DatabaseUpkeep Upkeep { get; }

    /// <summary>What the connection does at this moment.</summary>
    public SessionActivity Activity { get; } = new();

    /// <summary>What is known of the current lease.</summary>
    public LeaseRecord Notes { get; } = new();

    /// <summary>
    /// Counts failures that lie in the database; null for a connection that belongs to no pool's figures.
    /// </summary>
    public StatementFailures? Failures { get; set; }

    /// <summary>Called when the caller's code closes the driver's object, which may be long after the lease.</summary>
    public Action? ClosedByCode { get; set; }

    /// <summary>True once the current lease has done anything with the connection.</summary>
    public bool IsTouched { get; set; }

    /// <summary>True when the current lease wants it closed on return; never of one that is the database.</summary>
    public bool IsRetired
    {
        get;
        set => field = value && !IsTheDatabase;
    }

    /// <summary>The housekeeper wants to know how the page cache does: at the next return, when nothing runs.</summary>
    public bool WantsCacheLook { get; set; }

    /// <summary>
    /// True when closing it would take the database with it: what cannot be undone stays, as on a connection without a
    /// pool.
    /// </summary>
    public bool IsTheDatabase { get; }

    /// <summary>
    /// True where the caller has asked for that: a write that is refused is then the caller's mistake.
    /// </summary>
    public bool IsReadOnly { get; }

    /// <inheritdoc cref="ConnectionWrites.Gate"/>
    public WriteGate Gate => Writes.Gate;

    /// <inheritdoc cref="ConnectionWrites.HoldsGate"/>
    public bool HoldsGate
    {
        get => Writes.HoldsGate;
        set => Writes.HoldsGate = value;
    }

    /// <summary>How long statements wait for the locks of others. (SQLite itself never waits.)</summary>
    public int BusyTimeoutMilliseconds => _authorizer.BusyTimeoutMilliseconds;

    /// <inheritdoc cref="SessionActivity.Running"/>
    public string? Running
    {
        get => Activity.Running;
        set => Activity.Running = value;
    }

    /// <summary>
    /// True while the lease has the driver's object, through which it can do what the pool does not see.
    /// </summary>
    public bool IsExposed => Access.IsExposed;

    /// <inheritdoc cref="DriverAccess.IsClosedByCaller"/>
    public bool IsClosedByCaller => Access.IsClosedByCaller;

    /// <summary>True when its statements may call functions that are not SQLite's own.</summary>
    public bool HasForeignFunctions => IsExposed || _wasExposedToHook;

    public bool IsInTransaction => !IsClosedByCaller && raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>
    /// The connection is set up: from here on SQLite tells what is prepared on it, and can be interrupted.
    /// </summary>
    public void BeginAuthorizing()
    {
        _authorizer.Attach(Handle);
        Stop.Attach(Handle);
    }

    /// <summary>A text's rows are to be read; <see cref="Finish"/> ends that.</summary>
    public void Add(OpenStatement open) => OpenStatements.Add(open);

    /// <inheritdoc cref="OpenStatements.Finish"/>
    public int Finish(OpenStatement open) => OpenStatements.Finish(open);

    /// <summary>Prepares a statement of a text.</summary>
    /// <returns>A result code.</returns>
    public int TryGet(PreparedText text, int index, out Statement? statement) =>
        text.TryGet(index, Handle, _authorizer, out statement);

    /// <summary>As <see cref="TryGet"/>, of a text of the pool's own, whatever limit is set for parameters.</summary>
    public int TryGetReplay(PreparedText text, int parameters, out Statement? statement)
    {
        int limit = text.Count > 0 ? parameters : raw.sqlite3_limit(Handle, raw.SQLITE_LIMIT_VARIABLE_NUMBER, -1);
        if (limit >= parameters)
        {
            return TryGet(text, 0, out statement);
        }

        _ = raw.sqlite3_limit(Handle, raw.SQLITE_LIMIT_VARIABLE_NUMBER, parameters);
        try
        {
            return TryGet(text, 0, out statement);
        }
        finally
        {
            _ = raw.sqlite3_limit(Handle, raw.SQLITE_LIMIT_VARIABLE_NUMBER, limit);
        }
    }

    /// <summary>After what may have been prepared without the pool: see <see cref="StatementAuthorizer"/>.</summary>
    public void StopNativeWaiting() => _authorizer.StopNativeWaiting();

    /// <inheritdoc cref="ConnectionWrites.Note"/>
    public void NoteWrite() => Writes.Note();

    /// <inheritdoc cref="ConnectionWrites.Forget"/>
    public void ForgetWrites() => Writes.Forget();

    /// <inheritdoc cref="ConnectionWrites.TakeCommit"/>
    public CommitTicket TakeCommit() => Writes.TakeCommit();

    /// <inheritdoc cref="ConnectionWrites.MarkAmbientGate"/>
    public void MarkAmbientGate(long leaseId = 0, string? sql = null) => Writes.MarkAmbientGate(leaseId, sql);

    /// <summary>
    /// The one place where a write ends: when nothing is being written any more, its commit is noted and the write gate
    /// is let go.
    /// </summary>
    public void ReleaseGateIfDone()
    {
        if (Writes.AreOpen && !IsInTransaction)
        {
            Writes.End();
        }
    }

    /// <inheritdoc cref="SessionTransaction.BeginSnapshot"/>
    public void BeginSnapshot() => Transaction.BeginSnapshot();

    /// <inheritdoc cref="SessionActivity.NoteTransaction"/>
    public void NoteTransaction() => Activity.NoteTransaction(IsInTransaction);

    /// <inheritdoc cref="OpenFile.ThrowIfMoved"/>
    public void ThrowIfMoved() => File.ThrowIfMoved();

    /// <inheritdoc cref="DriverAccess.ThrowIfClosedByCaller"/>
    public void ThrowIfClosedByCaller() => Access.ThrowIfClosedByCaller();

    /// <summary>
    /// Counts a failed statement where its failure says something of the database. An exception filter: always false.
    /// </summary>
    public bool NoteFailure(SqliteException failure)
    {
        Failures?.Record(failure.SqliteErrorCode);
        IsRetired |= !IsReadOnly && ConnectionFailure.MayBeItsOwn(failure);
        return false;
    }

    /// <inheritdoc cref="SessionTransaction.Abort"/>
    public void Abort() => Transaction.Abort();

    /// <inheritdoc cref="OwnStatements.TryStep"/>
    public bool TryStep(string sql) => _own.TryStep(sql);

    /// <inheritdoc cref="OwnStatements.Step"/>
    public void Step(string sql) => _own.Step(sql);

    /// <inheritdoc cref="OwnStatements.IsLocked"/>
    public bool IsLocked(int result) => _own.IsLocked(result);

    /// <inheritdoc cref="OwnStatements.ExtendedCode"/>
    public int ExtendedCode(int result) => _own.ExtendedCode(result);

    /// <inheritdoc cref="OwnStatements.ThrowUnlessDone"/>
    public void ThrowUnlessDone(int result) => _own.ThrowUnlessDone(result);

    /// <summary>The driver's own object: from here on the lease can do what no statement shows.</summary>
    /// <inheritdoc cref="DriverAccess.BeginExposure"/>
    public SqliteConnection Expose(bool toRead)
    {
        if (!IsExposed && !IsClosedByCaller)
        {
            IsTouched = true;
            Access.BeginExposure(toRead);
            if (Writes.GroupCommit is not null && !IsInTransaction)
            {
                // What is committed through the driver's object is not seen here: SQLite is to sync it.
                NativeSql.Try(Handle, "PRAGMA synchronous=FULL");
            }
        }

        return Driver;
    }

    /// <summary>Reads from the file itself: the schema version lies in its first page.</summary>
    public bool Probe()
    {
        try
        {
            return !IsClosedByCaller
                && !File.HasMoved()
                && NativeSql.Scalar(Handle, "PRAGMA schema_version") is not null;
        }
        catch (SqliteException e)
        {
            // Another connection's lock says nothing against this one.
            return e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;
        }
    }

    /// <inheritdoc cref="SessionReset.Run"/>
    public SessionResetResult Reset() => IsTouched ? _reset.Run() : SessionResetResult.Clean;

    /// <inheritdoc cref="ConnectionClosing.Run"/>
    public void Close(bool last) => _closing.Run(last);

    private void OnClosedByCode()
    {
        IsTouched = true;
        ClosedByCode?.Invoke();
    }
}
