using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;
using Pool.Sqlite.WriteQueue;

namespace Pool.Sqlite;

/// <content>Items that are one statement.</content>
public sealed partial class SqlitePoolWriteQueue
{
    /// <summary>
    /// Runs one statement whose interpolated values become parameters, never text:
    /// <c>ExecuteAsync($"insert into t values ({id}, {name})")</c>.
    /// </summary>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Cancels it as long as it has not begun, and stops it while it runs.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any; once that is committed.</returns>
    /// <exception cref="ArgumentException">
    /// A value stands where no parameter can (in quotes, for a name, in a comment), or has a format. Thrown by the call
    /// itself.
    /// </exception>
    /// <inheritdoc cref="EnqueueAsync{T}"/>
    [OverloadResolutionPriority(2)]
    public Task<int> ExecuteAsync(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        (string text, object?[] values) = InterpolatedSql.Read(sql);
        return Enqueue(new StatementItem(_counters, text, values), cancellationToken);
    }

    /// <summary>Runs one statement without parameters.</summary>
    /// <param name="sql">
    /// The statement. It must not be put together from values: see
    /// <see cref="ExecuteAsync(FormattableString, CancellationToken)"/>.
    /// </param>
    /// <param name="cancellationToken">Cancels it as long as it has not begun, and stops it while it runs.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any; once that is committed.</returns>
    /// <exception cref="ArgumentException">It is blank, has parameters, or is more than one statement.</exception>
    /// <inheritdoc cref="EnqueueAsync{T}"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken = default) =>
        Execute(sql, StatementValues.None, cancellationToken);

    /// <summary>
    /// Runs one statement with its values, in the order of its parameters:
    /// <c>ExecuteAsync("insert into t values ($id, $name)", id, name)</c>.
    /// </summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; for numbered ones, by number. Null is NULL. A
    /// <see cref="CancellationToken"/> at the end is no value, but cancels the item.
    /// </param>
    /// <returns>How many rows it changed, or -1 when it cannot change any; once that is committed.</returns>
    /// <exception cref="ArgumentException">
    /// There are not as many values as parameters, one of those has no name, or a value cannot be stored.
    /// </exception>
    /// <inheritdoc cref="EnqueueAsync{T}"/>
    public Task<int> ExecuteAsync(string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return Execute(sql, values, cancellationToken);
    }

    /// <summary>As <see cref="ExecuteAsync(string, object?[])"/>, with the values in a list.</summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear in the statement; or pairs of name and value. It
    /// must not be changed before the task has ended.
    /// </param>
    /// <param name="cancellationToken">Cancels it as long as it has not begun, and stops it while it runs.</param>
    /// <inheritdoc cref="ExecuteAsync(string, object?[])"/>
    public Task<int> ExecuteAsync(
        string sql,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Execute(sql, parameters, cancellationToken);
    }

    /// <summary>
    /// Runs one statement with its values by name:
    /// <c>ExecuteAsync("delete from t where id = $id", ("$id", id))</c>.
    /// </summary>
    /// <param name="sql">One statement with named parameters: <c>$id</c>, <c>@id</c> or <c>:id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <exception cref="ArgumentException">
    /// A parameter has no value, there is a value for none, or a value cannot be stored.
    /// </exception>
    /// <inheritdoc cref="ExecuteAsync(string, object?[])"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Execute(sql, parameters, default);
    }

    /// <summary>Queues one statement, whose interpolated values become parameters, and which is not awaited.</summary>
    /// <param name="sql">The statement.</param>
    /// <exception cref="ArgumentException">A value stands where no parameter can, or has a format.</exception>
    /// <inheritdoc cref="TryPost(Action{SqlitePoolConnection})"/>
    [OverloadResolutionPriority(1)]
    public bool TryPost(FormattableString sql)
    {
        ArgumentNullException.ThrowIfNull(sql);
        (string text, object?[] values) = InterpolatedSql.Read(sql);
        return TryPost(new PostedStatement(_counters, this, text, values));
    }

    /// <summary>Queues one statement without parameters that is not awaited.</summary>
    /// <param name="sql">
    /// The statement. It must not be put together from values: see <see cref="TryPost(FormattableString)"/>.
    /// </param>
    /// <exception cref="ArgumentException">It is blank.</exception>
    /// <inheritdoc cref="TryPost(Action{SqlitePoolConnection})"/>
    public bool TryPost(string sql) => Post(sql, StatementValues.None);

    /// <summary>
    /// Queues one statement that is not awaited, with its values in the order of its parameters:
    /// <c>TryPost("insert into log values ($at, $line)", at, line)</c>.
    /// </summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="parameters">
    /// The values, in the order in which the parameters first appear; for numbered ones, by number. Null is NULL.
    /// </param>
    /// <exception cref="ArgumentException">The text is blank, or there is a token among the values.</exception>
    /// <inheritdoc cref="TryPost(Action{SqlitePoolConnection})"/>
    public bool TryPost(string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return cancellationToken.CanBeCanceled
            ? throw new ArgumentException(
                "What is posted cannot be cancelled. Leave the CancellationToken out, or use ExecuteAsync.",
                nameof(parameters)
            )
            : Post(sql, values);
    }

    /// <summary>As <see cref="TryPost(string, object?[])"/>, with the values in a list.</summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="parameters">
    /// The values, in the order of the parameters; or pairs of name and value. It must not be changed afterwards.
    /// </param>
    /// <inheritdoc cref="TryPost(Action{SqlitePoolConnection})"/>
    public bool TryPost(string sql, IReadOnlyList<object?> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Post(sql, parameters);
    }

    /// <summary>
    /// Queues one statement that is not awaited, with its values by name:
    /// <c>TryPost("delete from t where id = $id", ("$id", id))</c>.
    /// </summary>
    /// <param name="sql">One statement with named parameters: <c>$id</c>, <c>@id</c> or <c>:id</c>.</param>
    /// <param name="parameters">For each name its value. The prefix may be left out.</param>
    /// <exception cref="ArgumentException">
    /// A parameter has no value, there is a value for none, or a value cannot be stored.
    /// </exception>
    /// <inheritdoc cref="TryPost(Action{SqlitePoolConnection})"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public bool TryPost(string sql, params (string Name, object? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Post(sql, parameters);
    }

    private Task<int> Execute(string sql, object values, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return Enqueue(new StatementItem(_counters, sql, StatementValues.InOrder(sql, values)), cancellationToken);
    }

    private bool Post(string sql, object values)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return TryPost(new PostedStatement(_counters, this, sql, StatementValues.InOrder(sql, values)));
    }
}
