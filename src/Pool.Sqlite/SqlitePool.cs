using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
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
public sealed class SqlitePool : DbDataSource
{
    private readonly SqlitePoolOptions _options;
    private readonly TimeProvider _time;
    private readonly DatabaseTarget _target;
    private readonly PoolLoggers _log;
    private readonly PoolMetrics _metrics;
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
        _target = OptionsCheck.Check(_options);
        Name = string.IsNullOrWhiteSpace(_options.Name) ? _target.DefaultName : _options.Name;
        _time = MonotonicTime.For(timeProvider);
        _log = new PoolLoggers(loggerFactory ?? NullLoggerFactory.Instance, _time);
        LeasePoolOptions leasing = OptionsCheck.ForLeasing(_options, _target);
        ConnectionFigures figures = new(_time);
        _metrics = new PoolMetrics(Name, leasing.MinIdle, GetStatistics, () => figures.WalBytes);
        _tracing = new PoolTracing(Name, _time);
        _recorder = new LeaseRecorder(Name, _options, _log, _metrics, _time);
        _leaseInspector = new LeaseInspector(Name, _options, _recorder, _time);
        _waits = new WaitReporter(Name, _log, _metrics, _tracing, _options.SlowThreshold, _time);
        ConnectionSource source = new(_options, _target, Name, _log.Connections, _metrics.RecordCreate, _time)
        {
            Figures = figures,
            Refused = _leaseInspector.Refused,
            Opening = () => _housekeeper!.Start(),
        };
        _pools = new ConnectionPools(Name, source, leasing, _options, _recorder, _leaseInspector, _waits, _log, _time);
        _leases = _pools.Leases;
        Writes = new SqlitePoolWriteQueue(new PoolWriterSource(this), _options.Writes);
        _statistics = new StatisticsReader(_leases, _pools.All, figures, _waits, () => _pools.Leaks, Writes.GetStatistics);
        UtilizationWatch utilization = new(_options.Health.CriticalUtilization, _time);
        _inspector = new PoolInspector(
            Name, _log, _time, _options.LeakThreshold, _statistics, figures, _leaseInspector, _recorder, utilization);
        _health = new HealthReporter(_options, _inspector, _leaseInspector, _statistics, figures, utilization);
        _sharedLockKeeper = SharedLockKeeper.For(_target, _options.Pragmas);
        _maintenance = new DatabaseMaintenance(_pools, _target, _sharedLockKeeper, BusyTimeout, _time);
        figures.FileMoved = _maintenance.ClearNow;
        _work = new WorkRunner(this, _tracing, _metrics, _options.RentTimeout, _time);
        _shutdown = new PoolShutdown(
            Name,
            _pools,
            Writes.Close,
            Writes.Abandon,
            () => Writes.GetStatistics().Queued,
            _leaseInspector,
            _options.ShutdownTimeout,
            _log,
            _time);
        PoolMeter.Add(_metrics);
        _housekeeper = new Housekeeper(
            _pools.All, _inspector, _sharedLockKeeper, _log, Name, _time, OptionsCheck.HousekeepingPeriod(leasing, _options.LeakThreshold));
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

    /// <summary>The full path of the database file; null for a database in memory.</summary>
    internal string? DatabaseFile => _target.File;

    internal string DataSource => _target.DataSource;

    internal int RentTimeoutSeconds => _options.RentTimeout == Timeout.InfiniteTimeSpan
        ? 0
        : (int)Math.Ceiling(_options.RentTimeout.TotalSeconds);

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

    internal WaitReporter Waits => _waits;

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
        RentAsync(_options.RentTimeout, cancellationToken);

    /// <summary>As <see cref="RentAsync(CancellationToken)"/>, with a limit of its own.</summary>
    /// <param name="timeout">
    /// How long it may wait, instead of <see cref="SqlitePoolOptions.RentTimeout"/>: zero to fail at once when all are out,
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative, or longer than 24 days.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public ValueTask<SqlitePoolConnection> RentAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryRentFast(cancellationToken, out PoolEntry<PhysicalConnection>? entry)
            ? new ValueTask<SqlitePoolConnection>(new SqlitePoolConnection(this, entry))
            : Awaited(_pools.Rent(async: true, Checked(timeout), cancellationToken), SqlitePoolConnectionRole.ReadWrite);

    /// <summary>As <see cref="RentAsync(CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public SqlitePoolConnection Rent(CancellationToken cancellationToken = default) => new(this, RentEntry(cancellationToken));

    /// <summary>As <see cref="RentAsync(TimeSpan, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(TimeSpan, CancellationToken)"/>
    public SqlitePoolConnection Rent(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        new(this, RentEntry(timeout, cancellationToken));

    /// <summary>
    /// Lends a connection for reading: one read transaction from the first statement to the return, so that everything
    /// read belongs together. A statement that writes is refused before it runs.
    /// </summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public ValueTask<SqlitePoolConnection> RentReaderAsync(CancellationToken cancellationToken = default) =>
        TryRentFast(cancellationToken, out PoolEntry<PhysicalConnection>? entry)
            ? new ValueTask<SqlitePoolConnection>(ReaderOf(entry))
            : Awaited(_pools.Rent(async: true, _options.RentTimeout, cancellationToken), SqlitePoolConnectionRole.Reader);

    /// <summary>As <see cref="RentReaderAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public SqlitePoolConnection RentReader(CancellationToken cancellationToken = default) => ReaderOf(RentEntry(cancellationToken));

    /// <summary>
    /// Lends the pool's own writer connection, which is not counted in <see cref="SqlitePoolOptions.PoolSize"/>, with the
    /// write gate held until it is returned: nothing else in this process writes to the database meanwhile.
    /// </summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public ValueTask<SqlitePoolConnection> RentWriterAsync(CancellationToken cancellationToken = default) =>
        Awaited(_pools.RentWriter(async: true, _options.RentTimeout, cancellationToken), SqlitePoolConnectionRole.Writer);

    /// <summary>As <see cref="RentWriterAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public SqlitePoolConnection RentWriter(CancellationToken cancellationToken = default) => new(
        this,
        Blocking.Result(_pools.RentWriter(async: false, _options.RentTimeout, cancellationToken)),
        SqlitePoolConnectionRole.Writer);

    /// <summary>A connection that is closed: it rents when it is opened, and gives back when it is closed.</summary>
    public new SqlitePoolConnection CreateConnection() => new(this);

    /// <summary>A batch that rents a connection when it is first run, and gives it back when it is disposed.</summary>
    public new SqlitePoolBatch CreateBatch() => new(CreateConnection(), null, ownsConnection: true);

    /// <inheritdoc cref="Rent(CancellationToken)"/>
    public new SqlitePoolConnection OpenConnection() => Rent();

    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public new ValueTask<SqlitePoolConnection> OpenConnectionAsync(CancellationToken cancellationToken = default) =>
        RentAsync(cancellationToken);

    /// <summary>Runs <paramref name="work"/> on a reader lease: one snapshot.</summary>
    /// <param name="work">What to read. It is called once.</param>
    /// <param name="cancellationToken">Ends the wait for a connection.</param>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<T> ReadAsync<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _work.Read(work, cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync{T}"/>
    public Task ReadAsync(Func<SqlitePoolConnection, Task> work, CancellationToken cancellationToken = default) =>
        ReadAsync(WorkRunner.Answering(work), cancellationToken);

    /// <summary>
    /// Runs <paramref name="work"/> on the writer connection inside one <c>BEGIN IMMEDIATE</c>: committed when it returns,
    /// rolled back when it throws. When another process makes it fail as busy, it is rolled back and run again, after
    /// pauses of 10, 20, 40 ms and so on, until <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </summary>
    /// <param name="work">What to write. It can be called more than once, so it should change nothing but the database.</param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <exception cref="SqliteException">SQLite refuses; nothing was written.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<T> WriteAsync<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _work.Write(work, cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<SqlitePoolConnection, Task> work, CancellationToken cancellationToken = default) =>
        WriteAsync(WorkRunner.Answering(work), cancellationToken);

    /// <summary>
    /// Runs one statement whose interpolated values become parameters, never text:
    /// <c>ExecuteAsync($"insert into t values ({id}, {name})")</c>.
    /// </summary>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any.</returns>
    /// <exception cref="ArgumentException">
    /// A value stands where no parameter can (in quotes, for a name, in a comment), or has a format; the message says what to
    /// write.
    /// </exception>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<int> ExecuteAsync(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return _work.Execute(sql, cancellationToken);
    }

    /// <summary>
    /// Runs one statement for each of many rows, in one transaction and prepared once: all of them are stored, or none.
    /// </summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="rows">For each row the values, in the order in which the parameters first appear in the statement.</param>
    /// <param name="progress">Told how many rows are done, every 1,000 and at the end.</param>
    /// <param name="cancellationToken">Stops it; nothing is stored then.</param>
    /// <returns>How many rows were changed.</returns>
    /// <exception cref="ArgumentException">
    /// A row has not as many values as the statement has parameters, or one of those has no name.
    /// </exception>
    /// <exception cref="SqliteException">SQLite refuses one; nothing was stored.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<long> ExecuteManyAsync(
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ArgumentNullException.ThrowIfNull(rows);
        return _work.ExecuteMany(sql, rows, progress, cancellationToken);
    }

    /// <summary>Opens connections until there are <see cref="SqlitePoolOptions.PoolSize"/>, so that no rent has to.</summary>
    /// <param name="cancellationToken">Stops after the connection that is being opened.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    /// <exception cref="SqliteException">Opening failed.</exception>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) => _leases.WarmUp(cancellationToken);

    /// <summary>
    /// Closes every idle connection now, and each that is out when it comes back. Rents go on meanwhile, with new
    /// connections: for after the database file was replaced, or an extension updated.
    /// </summary>
    /// <param name="cancellationToken">Looked at once, at the beginning.</param>
    /// <exception cref="InvalidOperationException">A private memory database would be lost.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task ClearAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfPrivateMemory("cleared");
        await _maintenance.Clear(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Runs <paramref name="work"/> while no connection of the pool is open: every lease is back, every handle closed,
    /// and rents wait. For what needs the file for itself, such as replacing it.
    /// </summary>
    /// <param name="work">What to do. Renting from the same pool inside it is refused at once.</param>
    /// <param name="cancellationToken">Ends the wait for the leases; passed on to <paramref name="work"/>.</param>
    /// <exception cref="SqlitePoolTimeoutException">
    /// Not every lease was back within <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">A private memory database would be lost.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task RunExclusiveAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        ThrowIfPrivateMemory("closed for exclusive work");
        await _maintenance.RunExclusive(work, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Moves what the WAL holds into the database file, under the write gate. Where readers or other processes are in the
    /// way it tries again, after pauses of 10, 20, 40 ms and so on in which others write, until <c>BusyTimeout</c>.
    /// </summary>
    /// <param name="mode">How far it goes.</param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public async Task<CheckpointResult> CheckpointAsync(
        CheckpointMode mode = CheckpointMode.Passive, CancellationToken cancellationToken = default)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Allowed: Passive, Full, Restart, Truncate.");
        }

        return await _maintenance.Checkpoint(mode, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// <c>PRAGMA optimize</c>, under the write gate: refreshes what the query planner knows where that has become stale.
    /// For now and then, and after large changes; the pool does it by itself when it closes.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the writer connection.</param>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task OptimizeAsync(CancellationToken cancellationToken = default) => _maintenance.Optimize(cancellationToken);

    /// <summary>
    /// Copies the database as it is at this moment to another file, while reading and writing go on: from one snapshot, by
    /// SQLite's backup interface. (Copying the file itself would miss the WAL, and drop SQLite's locks.)
    /// </summary>
    /// <param name="path">
    /// The file. One that exists must be a database; it is replaced as a whole when the copy is complete, and left as it
    /// is when it is not.
    /// </param>
    /// <param name="progress">Told how many pages are copied, every 1,000.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">It is one of the pool's own files, by whatever name, or a folder.</exception>
    /// <exception cref="DirectoryNotFoundException">Its folder does not exist.</exception>
    /// <exception cref="SqliteException">SQLite cannot write the file, or another process uses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public async Task BackupAsync(
        string path, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        await _maintenance.Backup(path, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is out on loan at this moment, the longest first.</summary>
    public IReadOnlyList<SqlitePoolLease> GetLeases() => [.. _leaseInspector.Inspect().Select(static snapshot => snapshot.Lease)];

    /// <summary>
    /// How the pool is, why, and what would help. Status and reasons are judged by the last minute, advice by the last
    /// five; the database itself is not touched.
    /// </summary>
    public SqlitePoolHealth GetHealth() => _health.Report(_leases.IsClosed);

    /// <summary>How the pool stands.</summary>
    public SqlitePoolStatistics GetStatistics() => _statistics.Read();

    internal PoolEntry<PhysicalConnection> RentEntry(CancellationToken cancellationToken) =>
        RentEntry(_options.RentTimeout, cancellationToken);

    internal ValueTask<PoolEntry<PhysicalConnection>> RentEntryAsync(CancellationToken cancellationToken) =>
        _pools.Rent(async: true, _options.RentTimeout, cancellationToken);

    internal Exception ClosedException() => _pools.ClosedException();

    internal ValueTask<PoolEntry<PhysicalConnection>> RentForQueue(CancellationToken cancellationToken) =>
        _pools.RentForQueue(cancellationToken);

    internal void Return(PoolEntry<PhysicalConnection> entry) => _pools.Return(entry);

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => CreateConnection();

    /// <inheritdoc/>
    protected override DbBatch CreateDbBatch() => CreateBatch();

    /// <inheritdoc/>
    protected override DbConnection OpenDbConnection() => Rent();

    /// <inheritdoc/>
    protected override async ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
        await RentAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Closes the pool without waiting for leases: who waits and who comes gets <see cref="ObjectDisposedException"/>, idle
    /// connections close now, those that are out when they come back. What the write queue has accepted is committed first,
    /// for up to <see cref="SqlitePoolOptions.ShutdownTimeout"/>; the rest fails.
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
        // In a hook the connection that it was called for cannot come back before the hook ends; nor in an item of the queue.
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
        _housekeeper.Dispose();
        _sharedLockKeeper?.Dispose();
        PoolMeter.Remove(_metrics);
        return _shutdown.Begin();
    }

    private bool TryRentFast(CancellationToken cancellationToken, [NotNullWhen(true)] out PoolEntry<PhysicalConnection>? entry)
    {
        entry = null;
        return !_recorder.IsWatching && !cancellationToken.IsCancellationRequested && _leases.TryRentFromSlot(out entry);
    }

    private PoolEntry<PhysicalConnection> RentEntry(TimeSpan timeout, CancellationToken cancellationToken) =>
        TryRentFast(cancellationToken, out PoolEntry<PhysicalConnection>? entry)
            ? entry
            : Blocking.Result(_pools.Rent(async: false, Checked(timeout), cancellationToken));

    private async ValueTask<SqlitePoolConnection> Awaited(
        ValueTask<PoolEntry<PhysicalConnection>> rent, SqlitePoolConnectionRole role)
    {
        PoolEntry<PhysicalConnection> entry = await rent.ConfigureAwait(false);
        return role == SqlitePoolConnectionRole.Reader ? ReaderOf(entry) : new SqlitePoolConnection(this, entry, role);
    }

    private SqlitePoolConnection ReaderOf(PoolEntry<PhysicalConnection> entry)
    {
        entry.Value.Notes.RentedAsReader(entry.Rents);
        return new SqlitePoolConnection(this, entry, SqlitePoolConnectionRole.Reader);
    }

    private static TimeSpan Checked(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan || (timeout >= TimeSpan.Zero && timeout.TotalMilliseconds <= int.MaxValue)
            ? timeout
            : throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, "Allowed: from zero to 24 days, or Timeout.InfiniteTimeSpan.");

    private void ThrowIfPrivateMemory(string what)
    {
        if (IsPrivateMemory)
        {
            throw new InvalidOperationException(
                $"The pool '{Name}' cannot be {what}: its database lives in the memory of its one connection, and would be "
                + "lost. Write \"Data Source=app;Mode=Memory;Cache=Shared\" for one that outlives its connections.");
        }
    }
}
