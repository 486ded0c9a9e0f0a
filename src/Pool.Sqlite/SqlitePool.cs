using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Maintenance;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <summary>
/// A pool of connections to one SQLite database: bounded, fair, each connection with the same PRAGMAs, each clean when
/// it is lent.
/// </summary>
/// <remarks>
/// Make one for each database and keep it as long as the application lives. All members can be called from any thread
/// at any time. Nothing is opened, and no file is created, before the first rent or <see cref="WarmUpAsync"/>.
/// </remarks>
/// <example>
/// <code>
/// await using var pool = new SqlitePool("Data Source=app.db");
/// using var connection = await pool.RentAsync();
/// using var command = connection.CreateCommand("select count(*) from sqlite_master");
/// object? tables = await command.ExecuteScalarAsync();
/// </code>
/// </example>
public sealed partial class SqlitePool : DbDataSource
{
    private readonly SqlitePoolOptions _options;
    private readonly PoolLoggers _log;
    private readonly TimeProvider _time;
    private readonly ConnectionSource _source;
    private readonly LeasePool<PhysicalConnection> _leases;
    private readonly LeasePool<PhysicalConnection> _writers;

    // One connection for a flow that holds the write gate and needs a lease while all are out: see AmbientWriteGate.
    private readonly LeasePool<PhysicalConnection> _reserve;
    private readonly LeasePool<PhysicalConnection> _queueWriters;
    private readonly LeasePool<PhysicalConnection>[] _all;
    private readonly SharedLockKeeper? _sharedLockKeeper;
    private readonly Housekeeper _housekeeper;
    private readonly Task _closed;
    private readonly bool _cleansEveryReturn;
    private readonly bool _capturesRentSite;
    private readonly bool _notesEveryRent;
    private long _leaks;

    // One look at each on the fast path stands for everything that somebody may want to know of a lease: see BeginRound.
    private bool _watchesRents;
    private bool _watchesReturns;

    /// <summary>Makes a pool with the default settings.</summary>
    /// <param name="connectionString">As for Microsoft.Data.Sqlite: <c>Data Source=app.db</c>.</param>
    /// <exception cref="ArgumentException">The connection string cannot be used; the message says why.</exception>
    public SqlitePool(string connectionString)
        : this(new SqlitePoolOptions { ConnectionString = connectionString })
    {
    }

    /// <summary>Makes a pool. The options are copied and checked; nothing is opened.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="loggerFactory">Where it writes its log; none by default.</param>
    /// <param name="timeProvider">
    /// Its clock and timers; the system's by default. Waits for the write gate, which the process shares, and for the locks of
    /// other processes always go by the system's.
    /// </param>
    /// <exception cref="ArgumentException">A setting makes no sense; the message names it, its value and what is allowed.</exception>
    public SqlitePool(SqlitePoolOptions options, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Clone();
        DatabaseTarget target = OptionsCheck.Check(_options);
        Name = string.IsNullOrWhiteSpace(_options.Name) ? target.DefaultName : _options.Name;
        _time = timeProvider ?? TimeProvider.System;
        _secondsPerTick = 1.0 / _time.TimestampFrequency;
        _log = new PoolLoggers(loggerFactory ?? NullLoggerFactory.Instance);
        LeasePoolOptions leasing = OptionsCheck.ForLeasing(_options, target);
        _metrics = new PoolMetrics(Name, leasing.MinIdle, GetStatistics, () => _source!.Figures.WalBytes);
        _tracing = new PoolTracing(Name, _time);
        _source = new ConnectionSource(_options, target, Name, _log.Connections, _metrics, _time) { Refused = RefusedException };
        _leases = new LeasePool<PhysicalConnection>(_source, leasing with { Waited = RentWaited }, _time);
        LeasePoolOptions single = leasing with { Size = 1, MaxOverflow = 0, MinIdle = 0 };
        bool isPrivate = IsPrivateMemory;
        _writers = isPrivate ? _leases : new LeasePool<PhysicalConnection>(_source, single with { Waited = WriterWaited }, _time);
        _reserve = isPrivate ? _leases : new LeasePool<PhysicalConnection>(_source, single, _time);
        _queueWriters = isPrivate ? _leases : new LeasePool<PhysicalConnection>(
            _source.With(QueueSynchronous), single with { RentTimeout = WriterTimeout, MaxWaiters = int.MaxValue }, _time);
        _all = isPrivate ? [_leases] : [_reserve, _writers, _queueWriters, _leases];
        Writes = new SqlitePoolWriteQueue(this, _options.Writes);
        _cleansEveryReturn = _options.Returning is not null;
        _capturesRentSite = _options.CaptureRentSite;
        _notesEveryRent = _capturesRentSite || _options.LeakThreshold != Timeout.InfiniteTimeSpan;
        PoolSize = leasing.Size;
        MaxOverflow = leasing.MaxOverflow;
        _closed = LetGoWhenDrained();
        _inspector = new PoolInspector(
            Name, _log, _time, _options.LeakThreshold, GetStatistics, () => _source.Figures.Cache, Look, () => _source.Figures.WalBytes)
        {
            RoundBegins = BeginRound,
        };
        _inspector.Begin();
        BeginRound();
        PoolMeter.Add(_metrics);
        _sharedLockKeeper = SharedLockKeeper.For(target, _options.Pragmas);
        _housekeeper = new Housekeeper(
            _all, _inspector, _sharedLockKeeper, _time, OptionsCheck.HousekeepingPeriod(leasing, _options.LeakThreshold));
    }

    /// <summary>The pool's name, as in its messages.</summary>
    public string Name { get; }

    /// <summary>The connection string, without a password.</summary>
    public override string ConnectionString => _source.Target.PublicString;

    /// <summary>What the driver understands of the connection string, without a password.</summary>
    internal string DriverConnectionString => _source.Target.DriverString;

    /// <summary>The full path of the database file; null for a database in memory.</summary>
    internal string? DatabaseFile => _source.Target.Kind == DatabaseKind.File
        ? Path.GetFullPath(_source.Target.MemoryName)
        : null;

    internal string DataSource => _source.Target.DataSource;

    internal int RentTimeoutSeconds => _options.RentTimeout == Timeout.InfiniteTimeSpan
        ? 0
        : (int)Math.Ceiling(_options.RentTimeout.TotalSeconds);

    internal TimeSpan BusyTimeout => _options.Pragmas.BusyTimeout;

    internal int DefaultCommandTimeout => _source.Target.DefaultTimeoutSeconds;

    internal bool IsPrivateMemory => _source.Target.Kind == DatabaseKind.PrivateMemory;

    internal bool SharesCache => _source.Target.SharesCache;

    private int PoolSize { get; }

    private int MaxOverflow { get; }

    /// <summary>
    /// Lends a connection, waiting for one if all are out: first come, first served, for up to
    /// <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The connection, open. Dispose it to give it back.</returns>
    /// <exception cref="SqlitePoolTimeoutException">None was free in time, or too many wait already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">A connection was to be opened, and that failed.</exception>
    public ValueTask<SqlitePoolConnection> RentAsync(CancellationToken cancellationToken = default) =>
        !_watchesRents
        && !cancellationToken.IsCancellationRequested
        && _leases.TryRentFromSlot(out PoolEntry<PhysicalConnection>? item)
            ? new ValueTask<SqlitePoolConnection>(new SqlitePoolConnection(this, item))
            : RentSlowAsync(cancellationToken);

    /// <summary>As <see cref="RentAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public SqlitePoolConnection Rent(CancellationToken cancellationToken = default) =>
        new(this, RentItem(cancellationToken));

    /// <summary>A connection that is closed: it rents when it is opened, and gives back when it is closed.</summary>
    public new SqlitePoolConnection CreateConnection() => new(this);

    /// <summary>A batch that rents a connection when it is first run, and gives it back when it is disposed.</summary>
    public new SqlitePoolBatch CreateBatch() => new(CreateConnection(), null, ownsConnection: true);

    /// <inheritdoc cref="Rent"/>
    public new SqlitePoolConnection OpenConnection() => Rent();

    /// <inheritdoc cref="RentAsync"/>
    public new ValueTask<SqlitePoolConnection> OpenConnectionAsync(CancellationToken cancellationToken = default) =>
        RentAsync(cancellationToken);

    internal PoolEntry<PhysicalConnection> RentItem(CancellationToken cancellationToken) =>
        !_watchesRents
        && !cancellationToken.IsCancellationRequested
        && _leases.TryRentFromSlot(out PoolEntry<PhysicalConnection>? item)
            ? item
            : RentItemSlowly(cancellationToken);

    internal ValueTask<PoolEntry<PhysicalConnection>> RentItemAsync(CancellationToken cancellationToken) =>
        TryRentWatched(cancellationToken, out PoolEntry<PhysicalConnection>? item)
            ? new(item)
            : RentItemSlow(async: true, CaptureSite(), cancellationToken);

    private PoolEntry<PhysicalConnection> RentItemSlowly(CancellationToken cancellationToken) =>
        TryRentWatched(cancellationToken, out PoolEntry<PhysicalConnection>? item)
            ? item
            : RentItemSlow(async: false, CaptureSite(), cancellationToken).AsTask().GetAwaiter().GetResult();

    // The fast path again, with the clock read.
    private bool TryRentWatched(CancellationToken cancellationToken, [NotNullWhen(true)] out PoolEntry<PhysicalConnection>? item)
    {
        item = null;
        if (!_watchesRents || _capturesRentSite || cancellationToken.IsCancellationRequested || !_leases.TryRentFromSlot(out item))
        {
            return false;
        }

        item.Value.Notes.Rented(item.Rents, _time.GetTimestamp(), site: null);
        return true;
    }

    private RentSite? CaptureSite() => _capturesRentSite ? RentSite.Capture() : null;

    private ValueTask<PoolEntry<PhysicalConnection>> RentItemSlow(
        bool async, RentSite? site, CancellationToken cancellationToken)
    {
        return !_watchesRents && !AmbientWriteGate.HoldsGate ? Rent() : RentSpecially();

        ValueTask<PoolEntry<PhysicalConnection>> Rent() =>
            async ? _leases.RentAsync(cancellationToken) : new(_leases.Rent(cancellationToken));

        async ValueTask<PoolEntry<PhysicalConnection>> RentSpecially()
        {
            PoolEntry<PhysicalConnection>? item = null;
            if (AmbientWriteGate.HoldsGate)
            {
                item = await _leases.RentWithoutWaiting(async, cancellationToken).ConfigureAwait(false)
                    ?? await _reserve.RentWithoutWaiting(async, cancellationToken).ConfigureAwait(false);
            }

            item ??= await Rent().ConfigureAwait(false);
            Note(item, site);
            return item;
        }
    }

    internal void Return(PoolEntry<PhysicalConnection> item)
    {
        RetireReason reason = item.Value.IsTouched || _watchesReturns ? LookBack(item) : RetireReason.None;
        item.Pool.Return(item, reason);
    }

    /// <summary>Takes back what a finalizer found. Cleaning can block, which a finalizer must not.</summary>
    internal void ReturnLeaked(PoolEntry<PhysicalConnection> item) => ThreadPool.UnsafeQueueUserWorkItem(
        static state =>
        {
            Interlocked.Increment(ref state.Pool._leaks);
            state.Pool._log.Leasing.LeaseLeaked(state.Pool.Name, SqlitePoolConnection.NameOf(state.Item));
            state.Pool.Return(state.Item);
        },
        (Pool: this, Item: item),
        preferLocal: false);

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => CreateConnection();

    /// <inheritdoc/>
    protected override DbBatch CreateDbBatch() => CreateBatch();

    /// <inheritdoc/>
    protected override DbConnection OpenDbConnection() => Rent();

    /// <inheritdoc/>
    protected override async ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
        await RentAsync(cancellationToken).ConfigureAwait(false);

    private ValueTask<SqlitePoolConnection> RentSlowAsync(CancellationToken cancellationToken) =>
        TryRentWatched(cancellationToken, out PoolEntry<PhysicalConnection>? item)
            ? new ValueTask<SqlitePoolConnection>(new SqlitePoolConnection(this, item))
            : RentSlowestAsync(cancellationToken);

    private async ValueTask<SqlitePoolConnection> RentSlowestAsync(CancellationToken cancellationToken) =>
        new(this, await RentItemSlow(async: true, CaptureSite(), cancellationToken).ConfigureAwait(false));
}
