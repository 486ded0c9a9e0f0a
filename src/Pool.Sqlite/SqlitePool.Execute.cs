using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>
    /// Runs one statement whose interpolated values become parameters, never text:
    /// <c>ExecuteAsync($"insert into t values ({id}, {name})")</c>.
    /// </summary>
    /// <remarks>
    /// C# prefers this overload for an interpolated string that stands in the call itself. One that was put into a
    /// variable of type <see cref="string"/> before is text, and so is every interpolated string in other languages,
    /// and in C# before version 13.
    /// </remarks>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any.</returns>
    /// <exception cref="ArgumentException">
    /// A value stands where no parameter can (in quotes, for a name, in a comment), or has a format; the message says
    /// what to write.
    /// </exception>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<int> ExecuteAsync(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return _work.Execute(async: true, sql, cancellationToken);
    }

    /// <summary>Runs SQL without parameters: one statement, or several.</summary>
    /// <param name="sql">
    /// The SQL. It must not be put together from values: see
    /// <see cref="ExecuteAsync(FormattableString, CancellationToken)"/>.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any.</returns>
    /// <exception cref="ArgumentException">It is blank, or has parameters.</exception>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken = default) =>
        ExecuteText(sql, StatementValues.None, cancellationToken);

    /// <summary>
    /// Runs SQL with its values, in the order of its parameters:
    /// <c>ExecuteAsync("insert into t values ($id, $name)", id, name)</c>.
    /// </summary>
    /// <param name="sql">
    /// SQL with named parameters (<c>$id</c>, <c>@id</c>, <c>:id</c>) or numbered ones (<c>?1</c>).
    /// </param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; for numbered ones, by number. Null is NULL. A
    /// <see cref="CancellationToken"/> at the end is no value, but stops the statement.
    /// </param>
    /// <returns>How many rows it changed, or -1 when it cannot change any.</returns>
    /// <exception cref="ArgumentException">
    /// There are not as many values as parameters, one of those has no name, or a value cannot be stored.
    /// </exception>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<int> ExecuteAsync(string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return ExecuteText(sql, values, cancellationToken);
    }

    /// <summary>As <see cref="ExecuteAsync(string, object?[])"/>, with the values in a list.</summary>
    /// <param name="sql">The SQL.</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; or pairs of name and value.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <inheritdoc cref="ExecuteAsync(string, object?[])"/>
    public Task<int> ExecuteAsync(
        string sql,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ExecuteText(sql, parameters, cancellationToken);
    }

    /// <summary>Runs SQL with its values by name.</summary>
    /// <param name="sql">SQL with named parameters: <c>$id</c>, <c>@id</c> or <c>:id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">
    /// A parameter has no value, there is a value for none, or a value cannot be stored.
    /// </exception>
    /// <inheritdoc cref="ExecuteAsync(string, object?[])"/>
    public Task<int> ExecuteAsync(
        string sql,
        IReadOnlyDictionary<string, object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ExecuteText(sql, parameters, cancellationToken);
    }

    /// <summary>
    /// Runs SQL with its values by name: <c>ExecuteAsync("delete from t where id = $id", ("$id", id))</c>.
    /// </summary>
    /// <param name="sql">SQL with named parameters: <c>$id</c>, <c>@id</c> or <c>:id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <inheritdoc cref="ExecuteAsync(string, IReadOnlyDictionary{string, object?}, CancellationToken)"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ExecuteText(sql, parameters, default);
    }

    /// <summary>
    /// Runs one statement for each of many rows, in one transaction and prepared once: all of them are stored, or none.
    /// </summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="rows">
    /// For each row the values, in the order in which the parameters first appear in the statement.
    /// </param>
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
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ArgumentNullException.ThrowIfNull(rows);
        return _work.ExecuteMany(sql, rows, progress, cancellationToken);
    }

    /// <inheritdoc cref="ExecuteManyAsync(string, IEnumerable{IReadOnlyList{object?}}, IProgress{long}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task<long> ExecuteManyAsync(
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        CancellationToken cancellationToken
    ) => ExecuteManyAsync(sql, rows, null, cancellationToken);

    /// <summary>
    /// As the other overload, with tuples, <c>rows.Select(row => (row.Id, row.Name))</c>, or one value for each row:
    /// <c>ExecuteManyAsync("delete from t where id = $id", [7, 8, 9])</c>.
    /// </summary>
    /// <typeparam name="TRow">
    /// A tuple with as many items as the statement has parameters, or a value: a number, a text, a date. An array or a
    /// list (not <c>byte[]</c>, which is a value) is a row of its items.
    /// </typeparam>
    /// <exception cref="ArgumentException">
    /// A row has not as many values as the statement has parameters, one of those has no name, or a row is an object
    /// that is no value.
    /// </exception>
    /// <inheritdoc cref="ExecuteManyAsync(string, IEnumerable{IReadOnlyList{object?}}, IProgress{long}?, CancellationToken)"/>
    public Task<long> ExecuteManyAsync<TRow>(
        string sql,
        IEnumerable<TRow> rows,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(rows);
        return ExecuteManyAsync(sql, RowValues.All(rows, ValueBinder.IsStorable), progress, cancellationToken);
    }

    /// <inheritdoc cref="ExecuteManyAsync{TRow}(string, IEnumerable{TRow}, IProgress{long}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task<long> ExecuteManyAsync<TRow>(string sql, IEnumerable<TRow> rows, CancellationToken cancellationToken) =>
        ExecuteManyAsync(sql, rows, null, cancellationToken);

    internal Task<int> ExecuteText(string sql, object values, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return _work.Execute(async: true, sql, values, cancellationToken);
    }
}
