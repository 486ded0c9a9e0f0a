using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>Runs <paramref name="work"/> on a reader lease: one snapshot.</summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="work">What to read. It is called once.</param>
    /// <param name="cancellationToken">
    /// Ends the wait for a connection; passed on to <paramref name="work"/> if that takes one.
    /// </param>
    /// <returns>What <paramref name="work"/> answered.</returns>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<T> ReadAsync<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _work.Read(work, cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync{T}(Func{SqlitePoolConnection, Task{T}}, CancellationToken)"/>
    public Task<T> ReadAsync<T>(
        Func<SqlitePoolConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return _work.Read(connection => work(connection, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync{T}(Func{SqlitePoolConnection, Task{T}}, CancellationToken)"/>
    /// <returns>Completed when <paramref name="work"/> is.</returns>
    public Task ReadAsync(Func<SqlitePoolConnection, Task> work, CancellationToken cancellationToken = default) =>
        ReadAsync(WorkRunner.Answering(work), cancellationToken);

    /// <inheritdoc cref="ReadAsync(Func{SqlitePoolConnection, Task}, CancellationToken)"/>
    public Task ReadAsync(
        Func<SqlitePoolConnection, CancellationToken, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return ReadAsync(connection => work(connection, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// As <see cref="ReadAsync{T}(Func{SqlitePoolConnection, Task{T}}, CancellationToken)"/>, blocking the thread.
    /// </summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="work">What to read, synchronously. It is called once.</param>
    /// <param name="cancellationToken">Ends the wait for a connection.</param>
    /// <returns>What <paramref name="work"/> answered.</returns>
    /// <exception cref="ArgumentException">The function is asynchronous.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public T Read<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken = default)
    {
        ThrowIfAsynchronous(work, nameof(ReadAsync));
        return _work.ReadBlocking(work, cancellationToken);
    }

    /// <inheritdoc cref="Read{T}"/>
    public void Read(Action<SqlitePoolConnection> work, CancellationToken cancellationToken = default) =>
        _work.ReadBlocking(WorkRunner.Answering(work), cancellationToken);

    /// <summary>
    /// Runs <paramref name="work"/> on the writer connection inside one <c>BEGIN IMMEDIATE</c>: committed when it
    /// returns, rolled back when it throws. When another process makes it fail as busy, it is rolled back and run
    /// again, after pauses of 10, 20, 40 ms and so on, until <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="work">
    /// What to write. It can be called more than once, so it should change nothing but the database.
    /// </param>
    /// <param name="cancellationToken">Ends the waits; passed on to <paramref name="work"/> if that takes one.</param>
    /// <returns>What <paramref name="work"/> answered, once it is committed.</returns>
    /// <exception cref="SqliteException">SQLite refuses; nothing was written.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<T> WriteAsync<T>(
        Func<SqlitePoolConnection, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return _work.Write(work, cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync{T}(Func{SqlitePoolConnection, Task{T}}, CancellationToken)"/>
    public Task<T> WriteAsync<T>(
        Func<SqlitePoolConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return _work.Write(connection => work(connection, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync{T}(Func{SqlitePoolConnection, Task{T}}, CancellationToken)"/>
    /// <returns>Completed once it is committed.</returns>
    public Task WriteAsync(Func<SqlitePoolConnection, Task> work, CancellationToken cancellationToken = default) =>
        WriteAsync(WorkRunner.Answering(work), cancellationToken);

    /// <inheritdoc cref="WriteAsync(Func{SqlitePoolConnection, Task}, CancellationToken)"/>
    public Task WriteAsync(
        Func<SqlitePoolConnection, CancellationToken, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return WriteAsync(connection => work(connection, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// As <see cref="WriteAsync{T}(Func{SqlitePoolConnection, Task{T}}, CancellationToken)"/>, blocking the thread.
    /// </summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="work">
    /// What to write, synchronously. It can be called more than once, so it should change nothing but the database.
    /// </param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <returns>What <paramref name="work"/> answered, once it is committed.</returns>
    /// <exception cref="ArgumentException">The function is asynchronous.</exception>
    /// <exception cref="SqliteException">SQLite refuses; nothing was written.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public T Write<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken = default)
    {
        ThrowIfAsynchronous(work, nameof(WriteAsync));
        return _work.WriteBlocking(work, cancellationToken);
    }

    /// <inheritdoc cref="Write{T}"/>
    public void Write(Action<SqlitePoolConnection> work, CancellationToken cancellationToken = default) =>
        _work.WriteBlocking(WorkRunner.Answering(work), cancellationToken);

    /// <summary>
    /// Tries whether the database can be used: lends a connection, or opens one, and reads from the file. Where the
    /// connection string allows it, that creates the file.
    /// </summary>
    /// <param name="cancellationToken">Ends the test.</param>
    /// <returns>Whether it can, and if not, why.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<SqlitePoolConnectionTest> TestConnectionAsync(CancellationToken cancellationToken = default)
    {
        long start = _time.GetTimestamp();
        Exception? error = null;
        try
        {
            await _work
                .Execute(async: true, "select count(*) from sqlite_master", StatementValues.None, cancellationToken)
                .ConfigureAwait(false);
        }
        // Whatever it is, it is the answer.
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            error = e;
        }

        return new SqlitePoolConnectionTest(_time.GetElapsedTime(start), error);
    }

    private static void ThrowIfAsynchronous<T>(Func<SqlitePoolConnection, T> work, string instead)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (AsynchronousResult.Is(typeof(T)))
        {
            throw new ArgumentException(
                $"The function is asynchronous: it would go on when its lease has ended. Use {instead}.",
                nameof(work)
            );
        }
    }
}
