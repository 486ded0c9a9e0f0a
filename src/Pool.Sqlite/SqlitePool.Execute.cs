using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>
    /// Runs one statement whose interpolated values become parameters, never text:
    /// <c>ExecuteAsync($"insert into t values ({id}, {name})")</c>.
    /// </summary>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many rows it changed, or -1 when it cannot change any.</returns>
    /// <exception cref="ArgumentException">
    /// A value stands where no parameter can (in quotes, for a name, in a comment), or has a format; the message says what to
    /// write.
    /// </exception>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<int> ExecuteAsync(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return _work.Execute(sql, cancellationToken);
    }

    /// <summary>
    /// Runs one statement for each of many rows, in one transaction and prepared once: all of them are stored, or none.
    /// </summary>
    /// <param name="sql">One statement with named parameters (<c>$id</c>) or numbered ones (<c>?1</c>).</param>
    /// <param name="rows">For each row the values, in the order in which the parameters first appear in the statement.</param>
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
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ArgumentNullException.ThrowIfNull(rows);
        return _work.ExecuteMany(sql, rows, progress, cancellationToken);
    }
}
