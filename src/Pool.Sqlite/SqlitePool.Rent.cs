using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>
    /// Lends a connection, waiting for one if all are out: first come, first served, for up to
    /// <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The connection, open. Dispose it to give it back.</returns>
    /// <exception cref="SqlitePoolTimeoutException">None was free in time, or too many wait already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">
    /// A connection was to be opened, and that failed.
    /// </exception>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public ValueTask<SqlitePoolConnection> RentAsync(CancellationToken cancellationToken = default) =>
        RentWithin(_options.RentTimeout, cancellationToken);

    /// <summary>As <see cref="RentAsync(CancellationToken)"/>, with a limit of its own.</summary>
    /// <param name="timeout">
    /// How long it may wait, instead of <see cref="SqlitePoolOptions.RentTimeout"/>: zero to fail at once when all are
    /// out, <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative, or longer than 24 days.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public ValueTask<SqlitePoolConnection> RentAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        RentWithin(Checked(timeout), cancellationToken);

    /// <summary>As <see cref="RentAsync(CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public SqlitePoolConnection Rent(CancellationToken cancellationToken = default) =>
        new(this, RentEntry(cancellationToken));

    /// <summary>As <see cref="RentAsync(TimeSpan, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(TimeSpan, CancellationToken)"/>
    public SqlitePoolConnection Rent(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        new(this, RentEntry(Checked(timeout), cancellationToken));

    /// <summary>
    /// Lends a connection for reading: one read transaction from the first statement to the return, so that everything
    /// read belongs together. A statement that writes is refused before it runs.
    /// </summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<SqlitePoolConnection> RentReaderAsync(CancellationToken cancellationToken = default) =>
        RentReaderWithin(_options.RentTimeout, cancellationToken);

    /// <summary>As <see cref="RentReaderAsync(CancellationToken)"/>, with a limit of its own.</summary>
    /// <inheritdoc cref="RentAsync(TimeSpan, CancellationToken)"/>
    public ValueTask<SqlitePoolConnection> RentReaderAsync(
        TimeSpan timeout,
        CancellationToken cancellationToken = default
    ) => RentReaderWithin(Checked(timeout), cancellationToken);

    /// <summary>As <see cref="RentReaderAsync(CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public SqlitePoolConnection RentReader(CancellationToken cancellationToken = default) =>
        ReaderOf(RentEntry(cancellationToken));

    /// <summary>As <see cref="RentReaderAsync(TimeSpan, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(TimeSpan, CancellationToken)"/>
    public SqlitePoolConnection RentReader(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        ReaderOf(RentEntry(Checked(timeout), cancellationToken));

    /// <summary>
    /// Lends the pool's own writer connection, which is not counted in <see cref="SqlitePoolOptions.PoolSize"/>, with
    /// the write gate held until it is returned: nothing else in this process writes to the database meanwhile.
    /// </summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<SqlitePoolConnection> RentWriterAsync(CancellationToken cancellationToken = default) =>
        RentWriterWithin(_options.RentTimeout, cancellationToken);

    /// <summary>As <see cref="RentWriterAsync(CancellationToken)"/>, with a limit of its own.</summary>
    /// <param name="timeout">
    /// How long it may wait, instead of <see cref="SqlitePoolOptions.RentTimeout"/>: zero to fail at once when somebody
    /// else writes, <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="RentAsync(TimeSpan, CancellationToken)"/>
    public ValueTask<SqlitePoolConnection> RentWriterAsync(
        TimeSpan timeout,
        CancellationToken cancellationToken = default
    ) => RentWriterWithin(Checked(timeout), cancellationToken);

    /// <summary>As <see cref="RentWriterAsync(CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public SqlitePoolConnection RentWriter(CancellationToken cancellationToken = default) =>
        WriterOf(_options.RentTimeout, cancellationToken);

    /// <summary>As <see cref="RentWriterAsync(TimeSpan, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentWriterAsync(TimeSpan, CancellationToken)"/>
    public SqlitePoolConnection RentWriter(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WriterOf(Checked(timeout), cancellationToken);

    /// <summary>A connection that is closed: it rents when it is opened, and gives back when it is closed.</summary>
    public new SqlitePoolConnection CreateConnection() => new(this);

    /// <summary>A batch that rents a connection when it is first run, and gives it back when it is disposed.</summary>
    public new SqlitePoolBatch CreateBatch() => new(CreateConnection(), null, ownsConnection: true);

    /// <inheritdoc cref="Rent(CancellationToken)"/>
    public new SqlitePoolConnection OpenConnection() => Rent();

    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public new ValueTask<SqlitePoolConnection> OpenConnectionAsync(CancellationToken cancellationToken = default) =>
        RentAsync(cancellationToken);

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
    protected override async ValueTask<DbConnection> OpenDbConnectionAsync(
        CancellationToken cancellationToken = default
    ) => await RentAsync(cancellationToken).ConfigureAwait(false);

    private bool TryRentFast(
        CancellationToken cancellationToken,
        [NotNullWhen(true)] out PoolEntry<PhysicalConnection>? entry
    )
    {
        entry = null;
        return !_recorder.IsWatching
            && !cancellationToken.IsCancellationRequested
            && _leases.TryRentFromSlot(out entry);
    }

    private ValueTask<SqlitePoolConnection> RentWithin(TimeSpan timeout, CancellationToken cancellationToken) =>
        TryRentFast(cancellationToken, out PoolEntry<PhysicalConnection>? entry)
            ? new ValueTask<SqlitePoolConnection>(new SqlitePoolConnection(this, entry))
            : Awaited(_pools.Rent(async: true, timeout, cancellationToken), SqlitePoolConnectionRole.ReadWrite);

    private ValueTask<SqlitePoolConnection> RentReaderWithin(TimeSpan timeout, CancellationToken cancellationToken) =>
        TryRentFast(cancellationToken, out PoolEntry<PhysicalConnection>? entry)
            ? new ValueTask<SqlitePoolConnection>(ReaderOf(entry))
            : Awaited(_pools.Rent(async: true, timeout, cancellationToken), SqlitePoolConnectionRole.Reader);

    private ValueTask<SqlitePoolConnection> RentWriterWithin(TimeSpan timeout, CancellationToken cancellationToken) =>
        Awaited(_pools.RentWriter(async: true, timeout, cancellationToken), SqlitePoolConnectionRole.Writer);

    private SqlitePoolConnection WriterOf(TimeSpan timeout, CancellationToken cancellationToken) =>
        new(
            this,
            Blocking.Result(_pools.RentWriter(async: false, timeout, cancellationToken)),
            SqlitePoolConnectionRole.Writer
        );

    private PoolEntry<PhysicalConnection> RentEntry(TimeSpan timeout, CancellationToken cancellationToken) =>
        TryRentFast(cancellationToken, out PoolEntry<PhysicalConnection>? entry)
            ? entry
            : Blocking.Result(_pools.Rent(async: false, timeout, cancellationToken));

    private async ValueTask<SqlitePoolConnection> Awaited(
        ValueTask<PoolEntry<PhysicalConnection>> rent,
        SqlitePoolConnectionRole role
    )
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
                nameof(timeout),
                timeout,
                "Allowed: from zero to 24 days, or Timeout.InfiniteTimeSpan."
            );
}
