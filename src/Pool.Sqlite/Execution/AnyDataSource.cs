using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Execution;

/// <summary>The pool's verbs on a data source of any provider, by what ADO.NET has.</summary>
internal static class AnyDataSource
{
    private const int RowsBetweenReports = 1_000;
    private static readonly TimeSpan RetryFor = TimeSpan.FromSeconds(30);

    public static Task<T> WriteAsync<T>(
        DbDataSource source,
        Func<DbConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        StrongBox<bool> isCommitting = new();
        return Retry.While(
            e => e is DbException failure && IsWorthRetrying(failure, isCommitting.Value),
            () =>
            {
                isCommitting.Value = false;

                // Serializable, as a transaction of SQLite is: what the work has read is still so when it writes.
                return WriteOnceAsync(source, IsolationLevel.Serializable, work, isCommitting, cancellationToken);
            },
            new Deadline(TimeProvider.System, RetryFor),
            TimeProvider.System,
            cancellationToken
        );
    }

    public static Task<int> ExecuteAsync(
        DbDataSource source,
        FormattableString sql,
        CancellationToken cancellationToken
    ) => ExecuteAsync(() => CreateCommand(source, sql), cancellationToken);

    /// <param name="source">Where connections come from.</param>
    /// <param name="sql">The text.</param>
    /// <param name="values">As for <see cref="StatementValues.Pair"/>; or parameters of the provider.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task<int> ExecuteAsync(
        DbDataSource source,
        string sql,
        object values,
        CancellationToken cancellationToken
    ) => ExecuteAsync(() => CreateCommand(source, sql, values), cancellationToken);

    public static Task<T?> ExecuteScalarAsync<T>(
        DbDataSource source,
        FormattableString sql,
        CancellationToken cancellationToken
    ) => ExecuteScalarAsync<T>(() => CreateCommand(source, sql), cancellationToken);

    /// <inheritdoc cref="ExecuteAsync(DbDataSource, string, object, CancellationToken)"/>
    public static Task<T?> ExecuteScalarAsync<T>(
        DbDataSource source,
        string sql,
        object values,
        CancellationToken cancellationToken
    ) => ExecuteScalarAsync<T>(() => CreateCommand(source, sql, values), cancellationToken);

    public static Func<DbConnection, CancellationToken, Task<bool>> Answering(
        Func<DbConnection, CancellationToken, Task> work
    ) =>
        async (connection, token) =>
        {
            await work(connection, token).OrThrow().ConfigureAwait(false);
            return true;
        };

    // Not WriteAsync, which may run its work again: the rows may be such as can be read only once.
    public static Task<long> ExecuteManyAsync(
        DbDataSource source,
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    ) =>
        WriteOnceAsync(
            source,
            IsolationLevel.Unspecified,
            async (connection, token) =>
            {
                DbCommand command = connection.CreateCommand();
                await using (command.ConfigureAwait(false))
                {
                    command.CommandText = sql;
                    return await ExecuteRowsAsync(command, rows, progress, token).ConfigureAwait(false);
                }
            },
            new StrongBox<bool>(),
            cancellationToken
        );

    private static async Task<int> ExecuteAsync(Func<DbCommand> create, CancellationToken cancellationToken)
    {
        DbCommand command = create();
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteNonQueryAsync(cancellationToken).Exactly().ConfigureAwait(false);
        }
    }

    private static async Task<T?> ExecuteScalarAsync<T>(Func<DbCommand> create, CancellationToken cancellationToken)
    {
        DbCommand command = create();
        await using (command.ConfigureAwait(false))
        {
            DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).Exactly().ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                return await ScalarValue.ReadAsync<T>(reader, cancellationToken).Exactly().ConfigureAwait(false);
            }
        }
    }

    private static async Task<long> ExecuteRowsAsync(
        DbCommand command,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        string[] names = AtSignNames(command.CommandText);
        foreach (string name in names)
        {
            AddParameter(command, name, null);
        }

        long changes = 0;
        long done = 0;
        foreach (IReadOnlyList<object?> row in rows)
        {
            if (row is null)
            {
                throw new ArgumentException($"Row {done} is null.", nameof(rows));
            }

            if (row.Count != names.Length)
            {
                throw new ArgumentException(
                    $"Row {done} has {row.Count} values, but the statement has {names.Length} parameters named as @id.",
                    nameof(rows)
                );
            }

            for (int i = 0; i < names.Length; i++)
            {
                command.Parameters[i].Value = row[i] ?? DBNull.Value;
            }

            changes += Math.Max(
                0,
                await command.ExecuteNonQueryAsync(cancellationToken).Exactly().ConfigureAwait(false)
            );
            if (++done % RowsBetweenReports == 0)
            {
                progress?.Report(done);
            }
        }

        progress?.Report(done);
        return changes;
    }

    private static async Task<T> WriteOnceAsync<T>(
        DbDataSource source,
        IsolationLevel isolation,
        Func<DbConnection, CancellationToken, Task<T>> work,
        StrongBox<bool> isCommitting,
        CancellationToken cancellationToken
    )
    {
        DbConnection connection = await source
            .OpenConnectionAsync(cancellationToken)
            .AsTask()
            .Exactly()
            .ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            DbTransaction transaction = await connection
                .BeginTransactionAsync(isolation, cancellationToken)
                .AsTask()
                .Exactly()
                .ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                T result = await work(connection, cancellationToken).OrThrow().ConfigureAwait(false);
                isCommitting.Value = true;
                await transaction.CommitAsync(cancellationToken).Exactly().ConfigureAwait(false);
                return result;
            }
        }
    }

    // What has waited for its limit, for a free connection or an answer, is not made to wait as long again. And a
    // COMMIT is repeated only when it is certain that it was none.
    private static bool IsWorthRetrying(DbException failure, bool isCommitting) =>
        failure is { IsTransient: true, InnerException: not TimeoutException }
        && (!isCommitting || IsRolledBack(failure.SqlState));

    // Class 40 of SQL's states; 40003 says that even the database does not know.
    private static bool IsRolledBack(string? state) => state is ['4', '0', ..] and not "40003";

    private static DbCommand CreateCommand(DbDataSource source, FormattableString sql)
    {
        (string text, object?[] values) = InterpolatedSql.Read(sql);
        DbCommand command = source.CreateCommand(WithAtSigns(text));
        for (int i = 0; i < values.Length; i++)
        {
            AddParameter(command, string.Create(CultureInfo.InvariantCulture, $"@p{i}"), values[i]);
        }

        return command;
    }

    private static DbCommand CreateCommand(DbDataSource source, string sql, object values)
    {
        if (StatementValues.AsParameters<DbParameter>(values) is { } parameters)
        {
            DbCommand complete = source.CreateCommand(sql);
            complete.Parameters.AddRange(parameters);
            return complete;
        }

        // Without values the text is the provider's: elsewhere @name can also be a variable of the session.
        (string Name, object? Value)[] pairs = values is object?[] { Length: 0 } ? [] : [.. Pairs(sql, values)];
        DbCommand command = source.CreateCommand(sql);
        foreach ((string name, object? value) in pairs)
        {
            AddParameter(command, name, value);
        }

        return command;
    }

    private static IEnumerable<(string Name, object? Value)> Pairs(string sql, object values)
    {
        string[] names = AtSignNames(sql);
        return names.Length > 0
            ? StatementValues.Pair(names, values)
            : throw new ArgumentException(
                "There are values, but the statement has no parameters. Name them as @id, which providers understand."
            );
    }

    // Every variable in the text is one of the pool's, $p0; most providers know @p0.
    private static string WithAtSigns(string sql)
    {
        StringBuilder text = new(sql);
        SqlLexer lexer = new(sql);
        while (lexer.MoveNext())
        {
            if (lexer.Kind == SqlTokenKind.Variable)
            {
                text[lexer.Start] = '@';
            }
        }

        return text.ToString();
    }

    private static string[] AtSignNames(string sql)
    {
        List<string> names = [];
        SqlLexer lexer = new(sql);
        while (lexer.MoveNext())
        {
            // To SQLite what follows belongs to the name: elsewhere "@id::int" is a parameter and its type.
            int end = lexer.Token.IndexOfAny(':', '(');
            string name = (end > 0 ? lexer.Token[..end] : lexer.Token).ToString();
            if (lexer.Kind == SqlTokenKind.Variable && name.StartsWith('@') && !names.Contains(name))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }

    private static void AddParameter(DbCommand command, string name, object? value)
    {
        DbParameter parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }
}
