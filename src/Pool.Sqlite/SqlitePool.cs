using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Leasing;
using Pool.Sqlite.Maintenance;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

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
    private readonly TimeProvider _time;
    private readonly DatabaseTarget _target;
    private readonly PoolLoggers _log;
    private readonly PoolMetrics _metrics;
    private readonly ConnectionFigures _figures;
    private readonly PoolTracing _tracing;
    private readonly LeaseRecorder _recorder;
    private readonly LeaseInspector _leaseInspector;
    private readonly WaitReporter _waits;
    private readonly ConnectionPools _pools;
    private readonly LeasePool<PhysicalConnection> _leases;
    private readonly StatisticsReader _statistics;
    private readonly PoolInspector _inspector;
    private readonly HealthReporter _health;
    private readonly SharedLockKeeper? _sharedLockKeeper;
    private readonly Housekeeper _housekeeper;
    private readonly DatabaseMaintenance _maintenance;
    private readonly WorkRunner _work;
    private readonly PoolShutdown _shutdown;
    private volatile bool _isClosed;

    /// <summary>Makes a pool with the default settings.</summary>
    /// <param name="connectionString">As for Microsoft.Data.Sqlite: <c>Data Source=app.db</c>.</param>
    /// <exception cref="ArgumentException">The connection string cannot be used; the message says why.</exception>
    public SqlitePool(string connectionString)
        : this(new SqlitePoolOptions { ConnectionString = connectionString }) { }

    /// <summary>Makes a pool. The options are copied and checked; nothing is opened.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="loggerFactory">Where it writes its log; none by default.</param>
    /// <param name="timeProvider">
    /// Its clock and timers; the system's by default. Waits for the write gate, which the process shares, and for the
    /// locks of other processes always go by the system's.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A setting makes no sense; the message names it, its value and what is allowed.
    /// </exception>
    public SqlitePool(
        SqlitePoolOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null
    )
        : this(options, loggerFactory, timeProvider, budget: null) { }

    /// <summary>Makes a pool whose open connections count in a budget that it shares with others.</summary>
    internal SqlitePool(
        SqlitePoolOptions options,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider,
        OpenBudget<PhysicalConnection>? budget
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Clone();
        _target = OptionsCheck.Check(_options);
        Name = string.IsNullOrWhiteSpace(_options.Name) ? _target.DefaultName : _options.Name;
        _time = MonotonicTime.For(timeProvider);
        _log = new PoolLoggers(loggerFactory ?? NullLoggerFactory.Instance, _time);
        LeasePoolOptions leasing = LeasingSettings.For(_options, _target);
        _metrics = new PoolMetrics(Name, leasing.MinIdle, GetStatistics, () => _figures!.WalBytes);
        ConnectionFigures figures = _figures = new(_time, _metrics);
        _tracing = new PoolTracing(Name, _time);
        _recorder = new LeaseRecorder(Name, _options, _log, _metrics, _time);
        _leaseInspector = new LeaseInspector(Name, _options, _recorder, _time) { Budget = budget };
        _waits = new WaitReporter(Name, _log, _metrics, _tracing, _options.SlowThreshold, _time);
        Commands = new CommandReporter(Name, _log.Commands, _tracing, _options.SlowCommandThreshold, _time);
        ConnectionSource source = new(_options, _target, Name, _log.Connections, _metrics.RecordCreate, _time)
        {
            Figures = figures,
            Refused = _leaseInspector.Refused,
            Opening = () => _housekeeper!.Start(),
        };
        _pools = new ConnectionPools(
            Name,
            source,
            leasing,
            _options,
            _recorder,
            _leaseInspector,
            _waits,
            _log,
            _time,
            budget
        );
        _leases = _pools.Leases;
        Writes = new SqlitePoolWriteQueue(new PoolWriterSource(this), _options.Writes);
        _statistics = new StatisticsReader(
            _leases,
            _pools.All,
            figures,
            _waits,
            () => _pools.Leaks,
            Writes.GetStatistics
        );
        UtilizationWatch utilization = new(_options.Health.CriticalUtilization, _time);
        _inspector = new PoolInspector(
            Name,
            _log,
            _time,
            _options.LeakThreshold,
            _statistics,
            figures,
            _leaseInspector,
            _recorder,
            utilization
        );
        _health = new HealthReporter(
            _options,
            _inspector,
            _leaseInspector,
            _statistics,
            figures,
            utilization,
            Durability.LacksGroupCommit(_options, _target)
        );

        // It has a connection of its own, which would not be in the budget.
        _sharedLockKeeper = budget is null ? SharedLockKeeper.For(_target, _options.Pragmas) : null;
        _maintenance = new DatabaseMaintenance(_pools, _target, _sharedLockKeeper, _options, _time);
        figures.FileMoved = _maintenance.ClearNow;
        _work = new WorkRunner(this, _tracing, _metrics, _options.RentTimeout, _time);
        _shutdown = new PoolShutdown(
            Name,
            _pools,
            Writes.Close,
            Writes.Abandon,
            () => Writes.GetStatistics().Queued,
            figures.WhenSynced,
            _leaseInspector,
            _options.ShutdownTimeout,
            _log,
            _time
        );
        PoolMeter.Add(_metrics);
        _housekeeper = new Housekeeper(
            _pools.All,
            _inspector,
            _sharedLockKeeper,
            _log,
            Name,
            _time,
            LeasingSettings.HousekeepingPeriod(leasing, _options.LeakThreshold)
        );
    }

    /// <summary>The pool's name, as in its messages.</summary>
    public string Name { get; }

    /// <summary>The connection string, without a password.</summary>
    public override string ConnectionString => _target.PublicString;

    /// <summary>
    /// Many small writes in few commits: what has queued up while the last batch was written is the next one, and each
    /// caller is told after the COMMIT that contains its write. On a connection of its own, opened for the first.
    /// </summary>
    public SqlitePoolWriteQueue Writes { get; }

    /// <summary>What the driver understands of the connection string, without a password.</summary>
    internal string DriverConnectionString => _target.DriverString;

    /// <summary>True when a connection whose connection string was set has led to it.</summary>
    internal bool IsOfFactory { get; init; }

    /// <summary>The full path of the database file; null for a database in memory.</summary>
    internal string? DatabaseFile => _target.File;

    internal CommandReporter Commands { get; }

    internal string DataSource => _target.DataSource;

    internal int RentTimeoutSeconds =>
        _options.RentTimeout == Timeout.InfiniteTimeSpan ? 0 : (int)Math.Ceiling(_options.RentTimeout.TotalSeconds);

    internal TimeSpan BusyTimeout => _options.Pragmas.BusyTimeout;

    internal int DefaultCommandTimeout => _target.DefaultTimeoutSeconds;

    internal bool IsPrivateMemory => _target.Kind == DatabaseKind.PrivateMemory;

    internal bool SharesCache => _target.SharesCache;

    internal PoolInspector Inspector => _inspector;

    internal TimeProvider Time => _time;

    internal PoolTracing Tracing => _tracing;

    internal PoolMetrics Metrics => _metrics;

    internal ILogger Logger => _log.Writing;

    internal TimeSpan ShutdownTimeout => _options.ShutdownTimeout;

    internal TimeSpan WriterTimeout => _pools.QueueTimeout;

    internal ConnectionPools Pools => _pools;

    internal ConnectionFigures Figures => _figures;

    internal WaitReporter Waits => _waits;

    /// <summary>What is out on loan at this moment, the longest first.</summary>
    public IReadOnlyList<SqlitePoolLease> GetLeases() =>
        [.. _leaseInspector.Inspect().Select(static snapshot => snapshot.Lease)];

    /// <summary>
    /// How the pool is, why, and what would help. Status and reasons are judged by the last minute, advice by the last
    /// five; the database itself is not touched.
    /// </summary>
    public SqlitePoolHealth GetHealth() => _health.Report(_leases.IsClosed);

    /// <summary>How the pool stands.</summary>
    public SqlitePoolStatistics GetStatistics() => _statistics.Read();

    /// <summary>How often something was rented so far, and whether anything is going on.</summary>
    internal (long Rents, bool IsInUse) Activity()
    {
        (long rents, bool isInUse) = _pools.Activity();
        return (rents, isInUse || Writes.GetStatistics().Queued > 0);
    }

    /// <summary>The pool is not in use: it reports no figures until <see cref="EndRest"/>.</summary>
    internal void BeginRest() => PoolMeter.Remove(_metrics);

    internal void EndRest() => PoolMeter.Add(_metrics);

    /// <summary>True from the first moment of a close.</summary>
    internal bool IsClosed => _isClosed;

    /// <summary>True when nothing of a closed pool is open any more.</summary>
    internal bool IsShut => _pools.Closed.IsCompleted;

    internal void CloseIdle() => _maintenance.ClearNow();

    /// <summary>Null once nothing of a closed pool is open any more.</summary>
    internal SqlitePoolTimeoutException? WhyNotClosed() =>
        IsShut
            ? null
            : _leaseInspector.Refused(
                "It was closed, but leases are still out, so its file is still open: do not delete or move it.",
                _options.ShutdownTimeout
            );

    /// <summary>
    /// Closes the pool without waiting for leases: waiting and later rents get <see cref="ObjectDisposedException"/>,
    /// idle connections close now, those that are out when they come back. What the write queue has accepted is
    /// committed first, for up to <see cref="SqlitePoolOptions.ShutdownTimeout"/>; the rest fails.
    /// </summary>
    /// <param name="disposing">True from <see cref="IDisposable.Dispose"/>.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Task written = Close();
            if (!UserCallback.IsRunning)
            {
                written.GetAwaiter().GetResult();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>
    /// As <see cref="Dispose(bool)"/>, and waits up to <see cref="SqlitePoolOptions.ShutdownTimeout"/> for what is out;
    /// what then still is, the log says. After the last connection no file is open, and no <c>-wal</c> left, unless the
    /// database is opened read-only or by another process as well.
    /// </summary>
    protected override async ValueTask DisposeAsyncCore()
    {
        // In a hook the connection that it was called for cannot come back before the hook ends; nor in an item of the
        // queue.
        bool isInside = UserCallback.IsRunning;
        Deadline deadline = new(_time, _options.ShutdownTimeout);
        _ = Close();
        await base.DisposeAsyncCore().ConfigureAwait(false);
        if (!isInside)
        {
            await _shutdown.WaitForLeases(deadline).ConfigureAwait(false);
        }
    }

    private Task Close()
    {
        _isClosed = true;
        _housekeeper.Dispose();
        _sharedLockKeeper?.Dispose();
        PoolMeter.Remove(_metrics);
        return _shutdown.Begin();
    }
}
