using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>One connection to SQLite: opened and set up once, cleaned after each lease, closed once.</summary>
internal sealed partial class PhysicalConnection
{
    // sqlite3.h: SQLITE_DBSTATUS_CACHE_WRITE, SQLITE_BUSY_TIMEOUT.
    private const int PagesWritten = 9;
    private const int BusyTimedOut = 773;

    private IReadOnlyList<Pragma> _pragmas;
    private readonly StatementAuthorizer _authorizer;
    private readonly List<OpenStatement> _open = [];
    private readonly Deadline _openDeadline;
    private readonly CancellationToken _openToken;
    private Exposure? _exposure;
    private HashSet<object>? _setUps;
    private readonly bool _wasExposedToHook;

    // Closed, it would take the database with it: what cannot be undone stays, as on a connection without a pool.
    private readonly bool _isTheDatabase;

    // Where it was asked to be, a write that is refused is the caller's mistake.
    private readonly bool _isReadOnly;
    private bool _isExposed;
    private bool _inSnapshot;
    private readonly bool _isFile;
    private bool _hasUncommittedWrites;
    private AmbientWriteGate? _ambientGate;
    private GroupCommit? _group;
    private CommitTicket _commit;
    private int _written;

    /// <summary>The streams that the lease has opened.</summary>
    public OpenBlobs Blobs { get; } = new();

    private PhysicalConnection(
        SqliteConnection driver,
        DatabaseTarget target,
        IReadOnlyList<Pragma> pragmas,
        SqlitePoolOptions options,
        TimeSpan limit,
        CancellationToken cancellationToken)
    {
        Driver = driver;
        _openDeadline = new Deadline(TimeProvider.System, limit);
        _openToken = cancellationToken;
        _isTheDatabase = target.Kind == DatabaseKind.PrivateMemory;
        _isReadOnly = target.IsReadOnly;
        _wasExposedToHook = options.ConnectionOpened is not null;
        Handle = driver.Handle!;
        driver.StateChange += OnDriverStateChange;
        FileName = raw.sqlite3_db_filename(Handle, "main").utf8_to_string() ?? "";
        _pragmas = [.. pragmas.Where(static pragma => !pragma.FixesFormat)];
        _authorizer = new StatementAuthorizer(pragmas)
        {
            BusyTimeoutMilliseconds = (int)options.Pragmas.BusyTimeout.TotalMilliseconds,
        };
        Statements = new StatementCache(options.StatementCacheSize);
        _isFile = target.Kind == DatabaseKind.File;
        Gate = target.Kind switch
        {
            DatabaseKind.PrivateMemory => new WriteGate(),
            DatabaseKind.SharedMemory => WriteGate.ForMemory(target.MemoryName),

            // As SQLite has resolved it, links and all.
            _ => WriteGate.ForFile(raw.sqlite3_db_filename(Handle, "main").utf8_to_string()),
        };
    }

    public SqliteConnection Driver { get; }

    public sqlite3 Handle { get; }

    /// <summary>The database file, as SQLite has resolved it; empty in memory.</summary>
    public string FileName { get; }

    public StatementCache Statements { get; }

    public ExecutionInterrupt Stop { get; } = new();

    /// <summary>The gate of the file; <see cref="HoldsGate"/> says whether this connection is the one inside.</summary>
    public WriteGate Gate { get; }

    public bool HoldsGate { get; set; }

    /// <summary>What makes its commits durable; null where SQLite does.</summary>
    public GroupCommit? GroupCommit => _group;

    /// <summary>True when the gate is held for the whole lease, not only while something is being written.</summary>
    public bool KeepsGate { get; set; }

    /// <summary>True once the current lease has done anything with the connection.</summary>
    public bool IsTouched { get; set; }

    /// <summary>True when the current lease wants it closed on return.</summary>
    public bool IsRetired { get; set; }

    /// <summary>How long statements wait for the locks of others. (SQLite itself never waits.)</summary>
    public int BusyTimeoutMilliseconds => _authorizer.BusyTimeoutMilliseconds;

    /// <summary>Kept for the next execution, so that most need no object of their own. Empty while in use.</summary>
    public object? IdleCursor { get; set; }

    /// <summary>True while the lease has the driver's object, through which it can do what the pool does not see.</summary>
    public bool IsExposed => _isExposed;

    /// <summary>True where readers of other connections can be in the way of a commit: outside WAL mode.</summary>
    public bool CommitsMeetReaders => _isFile && !string.Equals(Gate.JournalMode, "WAL", StringComparison.OrdinalIgnoreCase);

    /// <summary>The readers that are open, the newest last.</summary>
    public IReadOnlyList<OpenStatement> OpenStatements => _open;

    /// <summary>True when its statements may call functions that are not SQLite's own.</summary>
    public bool HasForeignFunctions => _isExposed || _wasExposedToHook;

    public bool IsInTransaction => !IsClosedByCaller && raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>True once the driver's object was closed by the caller's code: nothing can be done with it any more.</summary>
    public bool IsClosedByCaller => !ReferenceEquals(Driver.Handle, Handle);

    /// <summary>Called when the caller's code closes the driver's object, which may be long after the lease.</summary>
    public Action? ClosedByCode { get; set; }


    /// <exception cref="SqliteException">The file cannot be opened, or a PRAGMA was refused or did not take.</exception>
    /// <param name="target">What to open.</param>
    /// <param name="pragmas">What to apply, in this order.</param>
    /// <param name="options">The pool's settings.</param>
    /// <param name="limit">How long to wait for the locks of others at the most, within <c>busy_timeout</c>.</param>
    /// <param name="cancellationToken">Ends that wait.</param>
    public static PhysicalConnection Open(
        DatabaseTarget target,
        IReadOnlyList<Pragma> pragmas,
        SqlitePoolOptions options,
        TimeSpan limit,
        CancellationToken cancellationToken)
    {
        SqliteConnection driver = NativeEngine.Connect(target);
        string doing = "opening it";
        PhysicalConnection? connection = null;
        try
        {
            CheckpointOnClose.OpenWithout(driver);
            driver.Handle!.enable_sqlite3_next_stmt(true);
            connection = new PhysicalConnection(driver, target, pragmas, options, limit, cancellationToken);
            if (options.Untrusted)
            {
                doing = "turning on defensive mode";
                Hardening.Apply(connection.Handle);
            }

            foreach (Pragma pragma in pragmas)
            {
                doing = $"applying {pragma.Set}";
                connection.Apply(pragma);
                connection.LimitNativeWait();
            }

            doing = "opening it for writing";
            connection.ThrowIfOpenedReadOnly();
            CheckpointOnClose.Allow(connection.Handle);
            connection.File = FileGuard.For(connection.Handle, target);
            doing = "calling the ConnectionOpened hook";
            if (options.ConnectionOpened is { } opened)
            {
                connection.HoldHandle();

                // What it reads is what the options say.
                _ = raw.sqlite3_busy_timeout(connection.Handle, connection.BusyTimeoutMilliseconds);
                UserCallback.Run(opened, driver);
                if (connection.EndHook() is { } misuse)
                {
                    throw new InvalidOperationException($"The ConnectionOpened hook {misuse}");
                }

                connection.KeepAsTheHookLeftThem();
            }

            connection.TakeOverWaiting();
            connection.JoinGroupCommit(Durability.IsGrouped(options, target));
            connection.RememberPragmas();
            connection._authorizer.Attach(connection.Handle);
            connection.Stop.Attach(connection.Handle);
            return connection;
        }
        catch (SqliteException e)
        {
            connection?.Close(last: false);
            driver.Dispose();
            throw new SqliteException(
                $"SQLite database '{target.DataSource}': {doing} failed. {e.Message}{OpenAdvice.For(e, target, doing)}",
                e.SqliteErrorCode,
                e.SqliteExtendedErrorCode);
        }
        catch
        {
            connection?.Close(last: false);
            driver.Dispose();
            throw;
        }
    }

    // Where the file cannot be opened for writing SQLite opens it for reading, without a word and for good.
    private void ThrowIfOpenedReadOnly()
    {
        if (!_isReadOnly && raw.sqlite3_db_readonly(Handle, "main") == 1)
        {
            throw new SqliteException(
                "This process may not write the file, or could not open it for writing at this moment, and SQLite has opened it "
                + "for reading only. Give it the right to write the file, or write \"Mode=ReadOnly\" into the connection string.",
                raw.SQLITE_READONLY);
        }
    }

    /// <summary>A text's rows are to be read; <see cref="Finish(OpenStatement)"/> ends that.</summary>
    public void Add(OpenStatement open)
    {
        _open.Add(open);
        NoteReading(open);
    }

    /// <summary>Ends the running of a text, if that has not ended, and puts it back for the next who has the same.</summary>
    /// <returns>A result code: of a write, what its end came to.</returns>
    public int Finish(OpenStatement open)
    {
        if (open.IsFinished)
        {
            return raw.SQLITE_OK;
        }

        int result = open.End();
        open.IsFinished = true;
        _open.Remove(open);
        NoteReading(_open.Count == 0 ? null : _open[^1]);
        Statements.PutBack(open.Text);
        return result;
    }

    /// <summary>Prepares a statement of a text.</summary>
    /// <returns>A result code.</returns>
    public int TryGet(PreparedText text, int index, out Statement? statement) =>
        text.TryGet(index, Handle, _authorizer, out statement);

    /// <summary>After what may have been prepared without the pool: see <see cref="StatementAuthorizer"/>.</summary>
    public void StopNativeWaiting() => _authorizer.StopNativeWaiting();

    /// <summary>A statement has written to the database.</summary>
    public void NoteWrite() => _hasUncommittedWrites = true;

    /// <summary>What was written is undone.</summary>
    public void ForgetWrites()
    {
        _hasUncommittedWrites = false;
        if (_group is not null)
        {
            _written = CountPagesWritten();
        }
    }

    /// <summary>The commit that the last write ended in, once: for the caller that is to be answered.</summary>
    public CommitTicket TakeCommit()
    {
        CommitTicket commit = _commit;
        _commit = default;
        return commit;
    }

    /// <summary>Tries a statement of the pool's own that has no parameters.</summary>
    /// <returns>False when somebody else's lock is in the way.</returns>
    /// <exception cref="SqliteException">SQLite refuses it for another reason.</exception>
    public bool TryStep(string sql)
    {
        if (sql is "BEGIN IMMEDIATE" or "COMMIT")
        {
            ThrowIfMoved();
        }

        PreparedText text = Statements.Take(sql, isCommand: false);
        Statement? statement = null;
        try
        {
            int result = TryGet(text, 0, out statement);
            result = result == raw.SQLITE_OK ? Stop.Step(statement!.Native) : result;
            if (IsLocked(result))
            {
                return false;
            }

            ThrowUnlessDone(result);
            return true;
        }
        finally
        {
            statement?.Reset();
            Statements.PutBack(text);
            NoteTransaction();
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
    /// nor a table that this connection itself has locked, nor a commit while a reader of its own still writes. (Results
    /// come as extended codes where a hook has asked SQLite for those.)
    /// </summary>
    public bool IsLocked(int result) => (result & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED
        && ExtendedCode(result) is raw.SQLITE_BUSY or raw.SQLITE_BUSY_RECOVERY or BusyTimedOut or raw.SQLITE_LOCKED_SHAREDCACHE
        && !((result & 0xff) == raw.SQLITE_BUSY && _open.Exists(static open => open.Writes));

    /// <summary>What SQLite says more exactly of a result.</summary>
    public int ExtendedCode(int result) => result > 0xff ? result : raw.sqlite3_extended_errcode(Handle);

    /// <exception cref="SqliteException">It is an error; the message is the driver's.</exception>
    public void ThrowUnlessDone(int result)
    {
        if (result is not (raw.SQLITE_DONE or raw.SQLITE_ROW or raw.SQLITE_OK))
        {
            UncertainCommit.ThrowIf(raw.sqlite3_extended_errcode(Handle));
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

    /// <summary>
    /// The one place where a write ends: when nothing is being written any more, what was written has been committed (its
    /// ticket is taken while the gate is still held), and the write gate is let go.
    /// </summary>
    public void ReleaseGateIfDone()
    {
        if ((!HoldsGate && !_hasUncommittedWrites) || IsInTransaction || _open.Exists(static open => open.Writes))
        {
            return;
        }

        _hasUncommittedWrites = false;
        NoteCommit();
        if (!KeepsGate)
        {
            ReleaseGate();
        }
    }

    // Before the gate passes on. Where the lease syncs as it likes, there is nothing to be added.
    private void NoteCommit()
    {
        if (_group is null || _authorizer.HasOwnSynchronous)
        {
            return;
        }

        // Pages that went to the WAL: none when there was nothing to be written.
        int written = CountPagesWritten();
        if (written != _written)
        {
            _written = written;
            _commit = _group.Wal is { IsSuspect: true } wal && IsMadeDurable(wal) ? default : _group.Take();
        }
    }

    // After a sync that failed no other is believed before the WAL begins anew, which a checkpoint sees to. Where readers keep
    // it from that, this commit may still have come into the database file, by which it is durable. Readers get a moment to end:
    // inside the gate, since nothing may be written between the commit and its checkpoint.
    private bool IsMadeDurable(WalSyncer wal)
    {
        Deadline patience = new(TimeProvider.System, TimeSpan.FromMilliseconds(100));
        for (; ; )
        {
            int result = raw.sqlite3_wal_checkpoint_v2(Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out int frames, out int moved);
            if (result == raw.SQLITE_OK)
            {
                wal.BeginAnew();
                return false;
            }

            if (result != raw.SQLITE_BUSY || (frames > 0 && frames == moved) || !patience.Allows(TimeSpan.Zero))
            {
                return result == raw.SQLITE_BUSY && frames > 0 && frames == moved;
            }

            Thread.Sleep(1);
        }
    }

    /// <summary>
    /// Marks the current flow as the one that holds the gate, if the gate stays with this connection.
    /// </summary>
    /// <param name="leaseId">The lease, for messages.</param>
    /// <param name="sql">The statement that it runs, for messages.</param>
    public void MarkAmbientGate(long leaseId = 0, string? sql = null)
    {
        if (!HoldsGate)
        {
            return;
        }

        if (_ambientGate is null)
        {
            _ambientGate = AmbientWriteGate.Prepare();
            _ambientGate.Enter(Gate, leaseId);
        }

        _ambientGate.Adopt(sql);
    }

    public void ReleaseGate()
    {
        if (HoldsGate)
        {
            HoldsGate = KeepsGate = false;
            _ambientGate?.Leave();
            _ambientGate = null;
            Gate.Exit();
        }
    }

    // Not where the hook has set synchronous as it wants it.
    private void JoinGroupCommit(bool isGrouped)
    {
        if (isGrouped && _pragmas.Any(static each => each is { Name: Pragma.Synchronous, Value: "1" }))
        {
            _group = Gate.GroupCommitOf(raw.sqlite3_db_filename(Handle, "main").utf8_to_string());
            _written = CountPagesWritten();
        }
    }

    private int CountPagesWritten()
    {
        _ = raw.sqlite3_db_status(Handle, PagesWritten, out int written, out _, resetFlg: 0);
        return written;
    }

    /// <summary>Reads from the file itself: the schema version lies in its first page.</summary>
    public bool Probe()
    {
        try
        {
            return !IsClosedByCaller && !HasMoved() && NativeSql.Scalar(Handle, "PRAGMA schema_version") is not null;
        }
        catch (SqliteException e)
        {
            // Somebody else's lock says nothing against this connection.
            return e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;
        }
    }

    /// <summary>Rolls back, then closes: closing with an open transaction would fire the driver's rollback hook.</summary>
    public void Close(bool last)
    {
        try
        {
            if (!IsClosedByCaller)
            {
                Blobs.CloseAll();
                EndTransaction();
                CloseReaders();
                if (last)
                {
                    Finish(Handle);
                }

                if (_exposure is not null)
                {
                    RefuseRestOfDriverBatches();
                }
            }
        }
        finally
        {
            // The gate comes back whatever closing says; last, since a lock of SQLite's may be let go with the handle.
            try
            {
                // Also when the caller has closed the driver's object: SQLite keeps the file open as long as statements are left.
                Driver.StateChange -= OnDriverStateChange;
                Statements.Clear();
                _exposure?.Dispose();
                Driver.Dispose();
                _hold?.Dispose();
            }
            finally
            {
                ReleaseGate();
            }
        }
    }
}
