using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
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
}
