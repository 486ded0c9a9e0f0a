using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>
    /// Runs one statement whose interpolated values become parameters, and answers the first column of its first row:
    /// <c>ExecuteScalarAsync&lt;long>($"select count(*) from t where name = {name}")</c>.
    /// </summary>
    /// <typeparam name="T">
    /// As what it is read: a number, text, date, enum, <see cref="Guid"/>, <c>byte[]</c> or <see cref="object"/>. Where
    /// the value can be NULL, or there can be no row, one that has null: <c>long?</c>, <c>string</c>.
    /// </typeparam>
    /// <remarks>
    /// <inheritdoc cref="ExecuteAsync(FormattableString, CancellationToken)" path="/remarks/node()"/>
    /// </remarks>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The value; null when it is NULL or there is no row.</returns>
    /// <exception cref="InvalidOperationException">
    /// It is NULL, or there is no row, and <typeparamref name="T"/> has no null.
    /// </exception>
    /// <exception cref="InvalidCastException">
    /// It cannot be read as <typeparamref name="T"/>: a text that is no number, a number that is too large or has a
    /// fraction.
    /// </exception>
    /// <inheritdoc cref="ExecuteAsync(FormattableString, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<T?> ExecuteScalarAsync<T>(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return _work.ExecuteScalar<T>(async: true, sql, cancellationToken);
    }

    /// <summary>Runs SQL without parameters, and answers the first column of its first row.</summary>
    /// <param name="sql">
    /// The SQL. It must not be put together from values: see
    /// <see cref="ExecuteScalarAsync{T}(FormattableString, CancellationToken)"/>.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">It is blank, or has parameters.</exception>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(FormattableString, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task<T?> ExecuteScalarAsync<T>(string sql, CancellationToken cancellationToken = default) =>
        ExecuteScalarText<T>(sql, StatementValues.None, cancellationToken);

    /// <summary>
    /// Runs SQL with its values, in the order of its parameters, and answers the first column of its first row.
    /// </summary>
    /// <typeparam name="T"><inheritdoc cref="ExecuteScalarAsync{T}(FormattableString, CancellationToken)"/></typeparam>
    /// <returns>The value; null when it is NULL or there is no row.</returns>
    /// <exception cref="InvalidOperationException">
    /// It is NULL, or there is no row, and <typeparamref name="T"/> has no null.
    /// </exception>
    /// <exception cref="InvalidCastException">It cannot be read as <typeparamref name="T"/>.</exception>
    /// <inheritdoc cref="ExecuteAsync(string, object?[])"/>
    public Task<T?> ExecuteScalarAsync<T>(string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return ExecuteScalarText<T>(sql, values, cancellationToken);
    }

    /// <summary>As <see cref="ExecuteScalarAsync{T}(string, object?[])"/>, with the values in a list.</summary>
    /// <param name="sql">The SQL.</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; or pairs of name and value.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(string, object?[])"/>
    public Task<T?> ExecuteScalarAsync<T>(
        string sql,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ExecuteScalarText<T>(sql, parameters, cancellationToken);
    }

    /// <summary>Runs SQL with its values by name, and answers the first column of its first row.</summary>
    /// <param name="sql">SQL with named parameters: <c>$id</c>, <c>@id</c> or <c>:id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">
    /// A parameter has no value, there is a value for none, or a value cannot be stored.
    /// </exception>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(string, object?[])"/>
    public Task<T?> ExecuteScalarAsync<T>(
        string sql,
        IReadOnlyDictionary<string, object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ExecuteScalarText<T>(sql, parameters, cancellationToken);
    }

    /// <summary>
    /// Runs SQL with its values by name, and answers the first column of its first row:
    /// <c>ExecuteScalarAsync&lt;string>("select name from t where id = $id", ("$id", id))</c>.
    /// </summary>
    /// <param name="sql">SQL with named parameters: <c>$id</c>, <c>@id</c> or <c>:id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(string, IReadOnlyDictionary{string, object?}, CancellationToken)"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public Task<T?> ExecuteScalarAsync<T>(string sql, params (string Name, object? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ExecuteScalarText<T>(sql, parameters, default);
    }

    internal Task<T?> ExecuteScalarText<T>(string sql, object values, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return _work.ExecuteScalar<T>(async: true, sql, values, cancellationToken);
    }
}
