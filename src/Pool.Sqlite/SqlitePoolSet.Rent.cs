namespace Pool.Sqlite;

/// <content>Lending.</content>
public sealed partial class SqlitePoolSet
{
    /// <summary>
    /// Lends a connection to the database of a key: as <see cref="SqlitePool.RentAsync(CancellationToken)"/>, and in
    /// the budget of <see cref="SqlitePoolSetOptions.MaxOpenConnections"/>.
    /// </summary>
    /// <param name="key">Names the database.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The connection, open. Dispose it to give it back.</returns>
    /// <exception cref="ArgumentException">The key cannot be one; the message says why.</exception>
    /// <exception cref="SqlitePoolTimeoutException">None was free in time, in the pool or in the budget.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The set is closed.</exception>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">
    /// A connection was to be opened, and that failed.
    /// </exception>
    public ValueTask<SqlitePoolConnection> RentAsync(string key, CancellationToken cancellationToken = default) =>
        _renting.Rent(key, static (pool, token) => pool.RentAsync(token), cancellationToken);

    /// <summary>Lends a connection for reading: as <see cref="SqlitePool.RentReaderAsync(CancellationToken)"/>.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public ValueTask<SqlitePoolConnection> RentReaderAsync(string key, CancellationToken cancellationToken = default) =>
        _renting.Rent(key, static (pool, token) => pool.RentReaderAsync(token), cancellationToken);

    /// <summary>Lends the writer connection of a database: as <see cref="SqlitePool.RentWriterAsync(CancellationToken)"/>.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public ValueTask<SqlitePoolConnection> RentWriterAsync(string key, CancellationToken cancellationToken = default) =>
        _renting.Rent(key, static (pool, token) => pool.RentWriterAsync(token), cancellationToken);

    /// <summary>As <see cref="RentAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public SqlitePoolConnection Rent(string key, CancellationToken cancellationToken = default) =>
        _renting.RentBlocking(key, static (pool, token) => pool.Rent(token), cancellationToken);

    /// <summary>As <see cref="RentReaderAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public SqlitePoolConnection RentReader(string key, CancellationToken cancellationToken = default) =>
        _renting.RentBlocking(key, static (pool, token) => pool.RentReader(token), cancellationToken);

    /// <summary>As <see cref="RentWriterAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public SqlitePoolConnection RentWriter(string key, CancellationToken cancellationToken = default) =>
        _renting.RentBlocking(key, static (pool, token) => pool.RentWriter(token), cancellationToken);
}
