using System.Runtime.CompilerServices;
using Pool.Sqlite.Execution;

namespace Pool.Sqlite;

/// <content>One statement, blocking the thread.</content>
public sealed partial class SqlitePool
{
    /// <summary>As <see cref="ExecuteAsync(FormattableString, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ExecuteAsync(FormattableString, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public int Execute(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return _work.Execute(async: false, sql, cancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>As <see cref="ExecuteAsync(string, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public int Execute(string sql, CancellationToken cancellationToken = default) =>
        RunBlocking(sql, StatementValues.None, cancellationToken);

    /// <summary>As <see cref="ExecuteAsync(string, object?[])"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ExecuteAsync(string, object?[])"/>
    public int Execute(string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return RunBlocking(sql, values, cancellationToken);
    }

    /// <summary>
    /// As <see cref="ExecuteAsync(string, ValueTuple{string, object?}[])"/>, blocking the thread.
    /// </summary>
    /// <inheritdoc cref="ExecuteAsync(string, ValueTuple{string, object?}[])"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public int Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return RunBlocking(sql, parameters, default);
    }

    /// <summary>As <see cref="ExecuteScalarAsync{T}(FormattableString, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(FormattableString, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public T? ExecuteScalar<T>(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return _work.ExecuteScalar<T>(async: false, sql, cancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>As <see cref="ExecuteScalarAsync{T}(string, CancellationToken)"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(string, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public T? ExecuteScalar<T>(string sql, CancellationToken cancellationToken = default) =>
        ReadBlocking<T>(sql, StatementValues.None, cancellationToken);

    /// <summary>As <see cref="ExecuteScalarAsync{T}(string, object?[])"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(string, object?[])"/>
    public T? ExecuteScalar<T>(string sql, params object?[]? parameters)
    {
        object values = StatementValues.Of(parameters, out CancellationToken cancellationToken);
        return ReadBlocking<T>(sql, values, cancellationToken);
    }

    /// <summary>
    /// As <see cref="ExecuteScalarAsync{T}(string, ValueTuple{string, object?}[])"/>, blocking the thread.
    /// </summary>
    /// <inheritdoc cref="ExecuteScalarAsync{T}(string, ValueTuple{string, object?}[])"/>
    [OverloadResolutionPriority(-1)] // Behind the one that takes anything, for [].
    public T? ExecuteScalar<T>(string sql, params (string Name, object? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return ReadBlocking<T>(sql, parameters, default);
    }

    private int RunBlocking(string sql, object values, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return _work.Execute(async: false, sql, values, cancellationToken).GetAwaiter().GetResult();
    }

    private T? ReadBlocking<T>(string sql, object values, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return _work.ExecuteScalar<T>(async: false, sql, values, cancellationToken).GetAwaiter().GetResult();
    }
}
