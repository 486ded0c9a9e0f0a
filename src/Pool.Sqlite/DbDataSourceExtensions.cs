using System.Data.Common;
using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite;

/// <summary>
/// The verbs of a <see cref="SqlitePool"/> on any <see cref="DbDataSource"/>, so that the same code runs on SQLite and,
/// say, on PostgreSQL through Npgsql. On a <see cref="SqlitePool"/> they are the pool's own; elsewhere they are made of
/// ADO.NET alone.
/// </summary>
public static partial class DbDataSourceExtensions
{
    /// <summary>
    /// Runs <paramref name="work"/> on an open connection for reading. On a <see cref="SqlitePool"/> that is a reader
    /// lease: one snapshot, and it cannot write.
    /// </summary>
    /// <remarks>
    /// Elsewhere it is a plain connection: each statement may see a later state than the one before, and nothing keeps
    /// it from writing. Where several selects must agree, begin a transaction in <paramref name="work"/>.
    /// </remarks>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="source">Where connections come from.</param>
    /// <param name="work">What to read. It is called once.</param>
    /// <param name="cancellationToken">Ends the wait for a connection; passed on to <paramref name="work"/>.</param>
    /// <returns>What <paramref name="work"/> answered.</returns>
    public static async Task<T> ReadAsync<T>(
        this DbDataSource source,
        Func<DbConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(work);
        if (source is SqlitePool pool)
        {
            return await pool.ReadAsync(connection => work(connection, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }

        DbConnection connection = await source
            .OpenConnectionAsync(cancellationToken)
            .AsTask()
            .Exactly()
            .ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await work(connection, cancellationToken).OrThrow().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> in a serializable transaction: committed when it returns, rolled back when it
    /// throws, and run again, after pauses of 10, 20, 40 ms and so on, for up to 30 seconds, while it fails for a
    /// passing reason (<see cref="DbException.IsTransient"/>: a serialization failure or a deadlock on PostgreSQL, for
    /// example; not a timeout).
    /// </summary>
    /// <remarks>
    /// Elsewhere than on a pool a COMMIT that fails is tried again only when the database itself has answered that it
    /// was rolled back (<see cref="DbException.SqlState"/> of class 40): where the answer was lost it may have been
    /// committed.
    /// </remarks>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="source">Where connections come from.</param>
    /// <param name="work">
    /// What to write. It can be called more than once, so it should change nothing but the database.
    /// </param>
    /// <param name="cancellationToken">Ends the waits; passed on to <paramref name="work"/>.</param>
    /// <returns>What <paramref name="work"/> answered, once it is committed.</returns>
    /// <exception cref="DbException">The database refuses; nothing was written.</exception>
    public static Task<T> WriteAsync<T>(
        this DbDataSource source,
        Func<DbConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(work);
        return source is SqlitePool pool
            ? pool.WriteAsync(connection => work(connection, cancellationToken), cancellationToken)
            : AnyDataSource.WriteAsync(source, work, cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync{T}(DbDataSource, Func{DbConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    public static Task<T> ReadAsync<T>(
        this DbDataSource source,
        Func<DbConnection, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return source.ReadAsync((connection, _) => work(connection), cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync{T}(DbDataSource, Func{DbConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    /// <returns>Completed when <paramref name="work"/> is.</returns>
    public static Task ReadAsync(
        this DbDataSource source,
        Func<DbConnection, CancellationToken, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return source.ReadAsync(AnyDataSource.Answering(work), cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync(DbDataSource, Func{DbConnection, CancellationToken, Task}, CancellationToken)"/>
    public static Task ReadAsync(
        this DbDataSource source,
        Func<DbConnection, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return source.ReadAsync((connection, _) => work(connection), cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync{T}(DbDataSource, Func{DbConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    public static Task<T> WriteAsync<T>(
        this DbDataSource source,
        Func<DbConnection, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return source.WriteAsync((connection, _) => work(connection), cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync{T}(DbDataSource, Func{DbConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    /// <returns>Completed once it is committed.</returns>
    public static Task WriteAsync(
        this DbDataSource source,
        Func<DbConnection, CancellationToken, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return source.WriteAsync(AnyDataSource.Answering(work), cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync{T}(DbDataSource, Func{DbConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    public static Task WriteAsync(
        this DbDataSource source,
        Func<DbConnection, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        return source.WriteAsync((connection, _) => work(connection), cancellationToken);
    }

    /// <summary>
    /// Runs one statement for each of many rows, in one transaction and prepared once: all of them are stored, or none.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">One statement with named parameters, <c>@id</c>.</param>
    /// <param name="rows">
    /// For each row the values, in the order in which the parameters first appear in the statement.
    /// </param>
    /// <param name="progress">Told how many rows are done, every 1,000 and at the end.</param>
    /// <param name="cancellationToken">Stops it; nothing is stored then.</param>
    /// <returns>How many rows were changed.</returns>
    /// <exception cref="ArgumentException">A row has not as many values as the statement has parameters.</exception>
    /// <exception cref="DbException">The database refuses one; nothing was stored.</exception>
    public static Task<long> ExecuteManyAsync(
        this DbDataSource source,
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ArgumentNullException.ThrowIfNull(rows);
        return source is SqlitePool pool
            ? pool.ExecuteManyAsync(sql, rows, progress, cancellationToken)
            : AnyDataSource.ExecuteManyAsync(source, sql, rows, progress, cancellationToken);
    }

    /// <inheritdoc cref="ExecuteManyAsync(DbDataSource, string, IEnumerable{IReadOnlyList{object?}}, IProgress{long}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public static Task<long> ExecuteManyAsync(
        this DbDataSource source,
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        CancellationToken cancellationToken
    ) => source.ExecuteManyAsync(sql, rows, null, cancellationToken);

    /// <summary>
    /// As the other overload, with tuples, <c>rows.Select(row => (row.Id, row.Name))</c>, or one value for each row.
    /// </summary>
    /// <typeparam name="TRow">
    /// A tuple with as many items as the statement has parameters, or a value: a number, a text, a date. An array or a
    /// list (not <c>byte[]</c>, which is a value) is a row of its items.
    /// </typeparam>
    /// <inheritdoc cref="ExecuteManyAsync(DbDataSource, string, IEnumerable{IReadOnlyList{object?}}, IProgress{long}?, CancellationToken)"/>
    public static Task<long> ExecuteManyAsync<TRow>(
        this DbDataSource source,
        string sql,
        IEnumerable<TRow> rows,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(rows);
        return source is SqlitePool pool
            ? pool.ExecuteManyAsync(sql, rows, progress, cancellationToken)
            : source.ExecuteManyAsync(sql, RowValues.All(rows, static _ => true), progress, cancellationToken);
    }

    /// <inheritdoc cref="ExecuteManyAsync{TRow}(DbDataSource, string, IEnumerable{TRow}, IProgress{long}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public static Task<long> ExecuteManyAsync<TRow>(
        this DbDataSource source,
        string sql,
        IEnumerable<TRow> rows,
        CancellationToken cancellationToken
    ) => source.ExecuteManyAsync(sql, rows, null, cancellationToken);
}
