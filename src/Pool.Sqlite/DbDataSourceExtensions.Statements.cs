using System.Data.Common;
using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;

namespace Pool.Sqlite;

/// <content>One statement.</content>
public static partial class DbDataSourceExtensions
{
    /// <summary>
    /// Runs one statement whose interpolated values become parameters, never text:
    /// <c>ExecuteAsync($"insert into t values ({id}, {name})")</c>.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any.</returns>
    /// <exception cref="ArgumentException">A value stands where no parameter can, or has a format.</exception>
    /// <exception cref="DbException">The database refuses it.</exception>
    [OverloadResolutionPriority(2)]
    public static Task<int> ExecuteAsync(
        this DbDataSource source,
        FormattableString sql,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(sql);
        return source is SqlitePool pool
            ? pool.ExecuteAsync(sql, cancellationToken)
            : AnyDataSource.ExecuteAsync(source, sql, cancellationToken);
    }

    /// <summary>Runs SQL without parameters.</summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">
    /// The SQL. It must not be put together from values: see
    /// <see cref="ExecuteAsync(DbDataSource, FormattableString, CancellationToken)"/>.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">It is blank.</exception>
    /// <inheritdoc cref="ExecuteAsync(DbDataSource, FormattableString, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public static Task<int> ExecuteAsync(
        this DbDataSource source,
        string sql,
        CancellationToken cancellationToken = default
    ) => Run(source, sql, StatementValues.None, cancellationToken);

    /// <summary>
    /// Runs SQL with its values, in the order of its parameters:
    /// <c>ExecuteAsync("insert into t values (@id, @name)", id, name)</c>.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">SQL with parameters that are named as <c>@id</c>, which providers understand.</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear. Null is NULL. A <see cref="CancellationToken"/> at
    /// the end is no value, but stops the statement.
    /// </param>
    /// <exception cref="ArgumentException">There are not as many values as parameters.</exception>
    /// <inheritdoc cref="ExecuteAsync(DbDataSource, FormattableString, CancellationToken)"/>
    public static Task<int> ExecuteAsync(this DbDataSource source, string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return Run(source, sql, values, cancellationToken);
    }

    /// <summary>
    /// As <see cref="ExecuteAsync(DbDataSource, string, object?[])"/>, with the values in a list.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">SQL with parameters that are named as <c>@id</c>.</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; or pairs of name and value.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <inheritdoc cref="ExecuteAsync(DbDataSource, string, object?[])"/>
    public static Task<int> ExecuteAsync(
        this DbDataSource source,
        string sql,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Run(source, sql, parameters, cancellationToken);
    }

    /// <summary>
    /// Runs SQL with its values by name:
    /// <c>ExecuteAsync("delete from t where id = @id", ("id", id))</c>.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">SQL with parameters that are named as <c>@id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <exception cref="ArgumentException">A parameter has no value, or there is a value for none.</exception>
    /// <inheritdoc cref="ExecuteAsync(DbDataSource, string, object?[])"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public static Task<int> ExecuteAsync(
        this DbDataSource source,
        string sql,
        params (string Name, object? Value)[] parameters
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Run(source, sql, parameters, default);
    }

    /// <summary>
    /// Runs one statement whose interpolated values become parameters, and answers the first column of its first row:
    /// <c>ExecuteScalarAsync&lt;long>($"select count(*) from t where name = {name}")</c>.
    /// </summary>
    /// <typeparam name="T">
    /// As what it is read. Where it can be NULL, or there can be no row, a type that has null: <c>long?</c>.
    /// </typeparam>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The value; null when it is NULL or there is no row.</returns>
    /// <exception cref="ArgumentException">A value stands where no parameter can, or has a format.</exception>
    /// <exception cref="InvalidOperationException">
    /// It is NULL, or there is no row, and <typeparamref name="T"/> has no null.
    /// </exception>
    /// <exception cref="InvalidCastException">It cannot be read as <typeparamref name="T"/>.</exception>
    /// <exception cref="DbException">The database refuses it.</exception>
    [OverloadResolutionPriority(2)]
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbDataSource source,
        FormattableString sql,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(sql);
        return source is SqlitePool pool
            ? pool.ExecuteScalarAsync<T>(sql, cancellationToken)
            : AnyDataSource.ExecuteScalarAsync<T>(source, sql, cancellationToken);
    }

    /// <summary>Runs SQL without parameters, and answers the first column of its first row.</summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">
    /// The SQL. It must not be put together from values: see
    /// <see cref="ExecuteScalarAsync{T}(DbDataSource, FormattableString, CancellationToken)"/>.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">It is blank.</exception>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(DbDataSource, FormattableString, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbDataSource source,
        string sql,
        CancellationToken cancellationToken = default
    ) => Scalar<T>(source, sql, StatementValues.None, cancellationToken);

    /// <summary>
    /// Runs SQL with its values, in the order of its parameters, and answers the first column of its first row:
    /// <c>ExecuteScalarAsync&lt;string>("select name from t where id = @id", id)</c>.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">SQL with parameters that are named as <c>@id</c>, which providers understand.</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear. Null is NULL. A <see cref="CancellationToken"/> at
    /// the end is no value, but stops the statement.
    /// </param>
    /// <exception cref="ArgumentException">There are not as many values as parameters.</exception>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(DbDataSource, FormattableString, CancellationToken)"/>
    public static Task<T?> ExecuteScalarAsync<T>(this DbDataSource source, string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return Scalar<T>(source, sql, values, cancellationToken);
    }

    /// <summary>
    /// As <see cref="ExecuteScalarAsync{T}(DbDataSource, string, object?[])"/>, with the values in a list.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">SQL with parameters that are named as <c>@id</c>.</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; or pairs of name and value.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(DbDataSource, string, object?[])"/>
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbDataSource source,
        string sql,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Scalar<T>(source, sql, parameters, cancellationToken);
    }

    /// <summary>
    /// Runs SQL with its values by name, and answers the first column of its first row:
    /// <c>ExecuteScalarAsync&lt;string>("select name from t where id = @id", ("id", id))</c>.
    /// </summary>
    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">SQL with parameters that are named as <c>@id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <exception cref="ArgumentException">A parameter has no value, or there is a value for none.</exception>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(DbDataSource, string, object?[])"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbDataSource source,
        string sql,
        params (string Name, object? Value)[] parameters
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Scalar<T>(source, sql, parameters, default);
    }

    private static Task<int> Run(DbDataSource source, string sql, object values, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return source is SqlitePool pool
            ? pool.ExecuteText(sql, values, cancellationToken)
            : AnyDataSource.ExecuteAsync(source, sql, values, cancellationToken);
    }

    private static Task<T?> Scalar<T>(
        DbDataSource source,
        string sql,
        object values,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return source is SqlitePool pool
            ? pool.ExecuteScalarText<T>(sql, values, cancellationToken)
            : AnyDataSource.ExecuteScalarAsync<T>(source, sql, values, cancellationToken);
    }
}
