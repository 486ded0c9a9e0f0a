using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>
/// A connection on loan from a <see cref="SqlitePool"/>. Dispose it to give it back; what it did to the session is
/// undone then.
/// </summary>
/// <remarks>
/// For one user at a time, as every ADO.NET connection: two threads at once get an
/// <see cref="InvalidOperationException"/>. Using it after it went back throws; giving it back twice does nothing. One
/// that is dropped without being disposed comes back through its finalizer, some time, and is counted as a leak.
/// </remarks>
public sealed partial class SqlitePoolConnection : DbConnection, IStatementLease
{
    private const int NoTimeout = -1;

    private SqlitePool? _pool;
    private PoolEntry<PhysicalConnection>? _item;
    private UseGuard _use;

    // The role, and the flag of an item's lease, in a byte: a lease is to stay within 80 bytes.
    private const byte ItemFlag = 128;
    private byte _role;
    private int _defaultTimeout = NoTimeout;
    private volatile bool _disposed;

    internal SqlitePoolConnection(
        SqlitePool pool,
        PoolEntry<PhysicalConnection> item,
        SqlitePoolConnectionRole role = SqlitePoolConnectionRole.ReadWrite
    )
    {
        _pool = pool;
        _item = item;
        _role = (byte)role;
    }

    /// <summary>
    /// Makes a closed connection of no pool yet: set its <see cref="ConnectionString"/>, then open it.
    /// </summary>
    public SqlitePoolConnection()
        : this(pool: null) { }

    /// <summary>A closed one: it rents when it is opened.</summary>
    internal SqlitePoolConnection(SqlitePool? pool)
    {
        _pool = pool;
        _use = UseGuard.ClosedGuard;
    }

    /// <summary>What the lease may do.</summary>
    public SqlitePoolConnectionRole Role => (SqlitePoolConnectionRole)(_role & ~ItemFlag);

    /// <summary>
    /// Names this lease in messages: the number of the connection in the upper, the number of its rent in the lower 32
    /// bits. Zero while closed.
    /// </summary>
    public long LeaseId => _use.IsClosed ? 0 : _item!.LeaseId;

    /// <summary>
    /// The driver's own connection, for what ADO.NET has no words for: blobs, functions, backup. It belongs to the
    /// pool: don't keep it, and don't close it. Functions and collations registered on it are noticed, and the
    /// connection is then not used again; after installing hooks on its native handle call <see cref="Retire"/>. On a
    /// reader lease SQLite refuses what is written through it (<c>PRAGMA query_only</c>).
    /// </summary>
    /// <exception cref="ObjectDisposedException">The lease has gone back.</exception>
    /// <exception cref="InvalidOperationException">The connection is closed, or used by another thread.</exception>
    public SqliteConnection SqliteConnection
    {
        get
        {
            using ConnectionUse use = BeginUse();
            return Physical.Expose(toRead: Role == SqlitePoolConnectionRole.Reader);
        }
    }

    /// <summary>
    /// Of a pool's connection: the driver's part of the pool's connection string, with the file's full path and without
    /// a password, as code expects it that parses it for the driver. Setting another one, while closed, makes this a
    /// connection of the pool that <see cref="SqlitePoolFactory"/> keeps for it; it is then answered as it was set,
    /// without a password.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// It is set while the connection is open, or being opened or closed.
    /// </exception>
    /// <exception cref="ArgumentException">It is set to something that cannot be used.</exception>
    [AllowNull]
    public override string ConnectionString
    {
        get =>
            _pool is null ? ""
            : _pool.IsOfFactory ? _pool.ConnectionString
            : _pool.DriverConnectionString;
        set
        {
            // As for opening: the pool must not change under an open, or a return, that is under way.
            if (!_use.TryBeginOpen())
            {
                throw new InvalidOperationException(
                    "The connection is open. Close it before setting its ConnectionString."
                );
            }

            try
            {
                if (value != ConnectionString && value != _pool?.ConnectionString)
                {
                    _pool = string.IsNullOrEmpty(value) ? null : SqlitePoolFactory.PoolFor(value);
                }
            }
            finally
            {
                _use.EndOpen(isOpen: false);
            }
        }
    }

    /// <summary>Always <c>main</c>.</summary>
    public override string Database => "main";

    /// <summary>
    /// While open: the full path of the database file, and empty for a database in memory. While closed: as in the
    /// connection string.
    /// </summary>
    public override string DataSource => _use.IsClosed ? _pool?.DataSource ?? "" : _item!.Value.FileName;

    /// <summary>
    /// In seconds: the CommandTimeout of commands that set none. Default: the connection string's <c>Default
    /// Timeout</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int DefaultTimeout
    {
        get => _defaultTimeout != NoTimeout ? _defaultTimeout : _pool?.DefaultCommandTimeout ?? 30;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _defaultTimeout = value;
        }
    }

    /// <summary>The version of SQLite.</summary>
    public override string ServerVersion => SQLitePCL.raw.sqlite3_libversion().utf8_to_string();

    /// <inheritdoc/>
    public override ConnectionState State => _use.IsClosed ? ConnectionState.Closed : ConnectionState.Open;

    /// <summary>How long <see cref="OpenAsync"/> takes at the most, in seconds, rounded up; 0 for no limit.</summary>
    public override int ConnectionTimeout => _pool?.RentTimeoutSeconds ?? 0;

    /// <inheritdoc/>
    protected override DbProviderFactory DbProviderFactory => SqlitePoolFactory.Instance;

    internal PhysicalConnection Physical => _item!.Value;

    /// <summary>Tells the leases of one connection object apart: how often it has been opened.</summary>
    internal int Opens => _use.Opens;

    PhysicalConnection IStatementLease.Physical => _item!.Value;

    bool IStatementLease.IsForItem => IsForItem;

    void IStatementLease.CheckTransaction(DbTransaction? claimed) =>
        SqlitePoolTransaction.Check(CurrentTransaction, claimed);

    bool IStatementLease.Enter() => Enter();

    void IStatementLease.Exit(bool outermost) => Exit(outermost);

    CommandRecord? IStatementLease.BeginCommand() => _pool?.Commands.Begin();

    IDisposable IStatementLease.BeginGateWait() => _pool!.Waits.BeginGateWait();

    SqliteException IStatementLease.GateTimeout(TimeSpan waited) =>
        StatementErrors.GateTimeout(_pool!.Name, Physical.Gate, waited);

    /// <summary>
    /// The transaction that this lease has begun, if it was begun through ADO.NET. (Here and not with the physical
    /// connection, which must not keep a dropped lease from being found.)
    /// </summary>
    internal SqlitePoolTransaction? CurrentTransaction { get; set; }

    internal bool SharesCache => _pool!.SharesCache;

    /// <summary>Has something registered on the physical connection that stays with it: once for each key.</summary>
    internal void SetUpOnce(object key, Action<SqliteConnection> setUp)
    {
        using ConnectionUse use = BeginUse();
        Physical.Access.SetUpOnce(key, setUp);
    }

    /// <summary>
    /// Makes the pool close this connection when it comes back, instead of lending it again. Not that of a private
    /// memory database, which would be lost.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The lease has gone back.</exception>
    /// <exception cref="InvalidOperationException">The connection is closed, or used by another thread.</exception>
    public void Retire()
    {
        using ConnectionUse use = BeginUse();
        Physical.IsTouched = Physical.IsRetired = true;
    }

    /// <summary>A command on this connection, in its current transaction.</summary>
    public new SqlitePoolCommand CreateCommand() => new(this, CurrentTransaction);

    /// <summary>A command with its text.</summary>
    /// <param name="commandText">The SQL.</param>
    public SqlitePoolCommand CreateCommand(string commandText)
    {
        SqlitePoolCommand command = CreateCommand();
        command.CommandText = commandText;
        return command;
    }

    /// <summary>Always true.</summary>
    public override bool CanCreateBatch => true;

    /// <summary>A batch on this connection, in its current transaction.</summary>
    public new SqlitePoolBatch CreateBatch() => new(this, CurrentTransaction);

    /// <summary>A command with the text and the values that <see cref="InterpolatedSql"/> read.</summary>
    internal SqlitePoolCommand CreateParameterizedCommand(string commandText, object?[] values)
    {
        SqlitePoolCommand command = CreateCommand(commandText);
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue(InterpolatedSql.Name(i), values[i] ?? DBNull.Value);
        }

        return command;
    }

    /// <summary>
    /// The collections that <see cref="GetSchema(string)"/> knows; also while the connection is closed.
    /// </summary>
    public override DataTable GetSchema() => GetSchema("MetaDataCollections");

    /// <inheritdoc/>
    public override DataTable GetSchema(string collectionName) => GetSchema(collectionName, []);

    /// <inheritdoc/>
    public override DataTable GetSchema(string collectionName, string?[] restrictionValues)
    {
        if (_use.IsClosed && !_disposed && !IsForItem)
        {
            // As the driver: what it answers does not depend on a database.
            using SqliteConnection closed = new();
            return closed.GetSchema(collectionName, restrictionValues);
        }

        using ConnectionUse use = BeginUse();
        return Physical.Driver.GetSchema(collectionName, restrictionValues);
    }

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<DataTable> GetSchemaAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<DataTable>(cancellationToken)
            : base.GetSchemaAsync(CancellationToken.None);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<DataTable> GetSchemaAsync(
        string collectionName,
        CancellationToken cancellationToken = default
    ) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<DataTable>(cancellationToken)
            : base.GetSchemaAsync(collectionName, CancellationToken.None);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<DataTable> GetSchemaAsync(
        string collectionName,
        string?[] restrictionValues,
        CancellationToken cancellationToken = default
    ) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<DataTable>(cancellationToken)
            : base.GetSchemaAsync(collectionName, restrictionValues, CancellationToken.None);

    /// <summary>SQLite has one database a connection.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void ChangeDatabase(string databaseName) =>
        throw new NotSupportedException(
            "A SQLite connection has one database. Make another SqlitePool, or attach the other database."
        );

    /// <inheritdoc cref="ChangeDatabase"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task ChangeDatabaseAsync(string databaseName, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.ChangeDatabaseAsync(databaseName, CancellationToken.None);

    /// <summary>Begins a use of the connection, which ends when what it answers is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The lease has gone back.</exception>
    /// <exception cref="InvalidOperationException">The connection is closed, or used by another thread.</exception>
    internal ConnectionUse BeginUse() => new(this, Enter());

    /// <summary>
    /// As <see cref="BeginUse"/>, for a use that does not end where it began; <see cref="Exit"/> takes the answer.
    /// </summary>
    internal bool Enter() =>
        _use.TryEnter(Environment.CurrentManagedThreadId) switch
        {
            UseAttempt.Entered => true,
            UseAttempt.Nested => false,
            UseAttempt.InUse => throw new InvalidOperationException(
                "This connection is being used by another thread at this moment. A lease is for one user at a time: rent one "
                    + "for each concurrent operation, and await each operation before the next one."
            ),
            _ => throw ClosedException(),
        };

    internal void Exit(bool outermost)
    {
        if (outermost && _use.Exit())
        {
            Return();
        }
    }

    internal Exception ClosedException() =>
        IsForItem ? ItemHasEnded()
        : _disposed
            ? new ObjectDisposedException(
                nameof(SqlitePoolConnection),
                "This lease has gone back to the pool. Rent a new one for new work."
            )
        : new InvalidOperationException("The connection is closed. Open it first.");

    /// <inheritdoc/>
    protected override DbCommand CreateDbCommand() => CreateCommand();

    /// <inheritdoc/>
    protected override DbBatch CreateDbBatch() => CreateBatch();
}
