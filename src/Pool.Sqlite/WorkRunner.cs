using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>
/// Runs work on leases of a pool: a function on a reader or in a transaction, one statement, many rows.
/// </summary>
internal sealed class WorkRunner(
    SqlitePool pool,
    PoolTracing tracing,
    PoolMetrics metrics,
    TimeSpan retryFor,
    TimeProvider time
)
{
    private const int RowsBetweenReports = 1_000;

    public async Task<T> Read<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = await pool.RentReaderAsync(cancellationToken).ConfigureAwait(false);
        return await work(connection).OrThrow().ConfigureAwait(false);
    }

    /// <summary>In one transaction, which is run again when another process was in the way.</summary>
    public Task<T> Write<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken) =>
        Retry.While(
            IsBusy,
            () => WriteOnce(work, cancellationToken),
            NewDeadline(),
            time,
            cancellationToken,
            StatementErrors.AfterTries
        );

    /// <summary>Runs one statement.</summary>
    /// <param name="async">False blocks the thread.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<int> Execute(bool async, FormattableString sql, CancellationToken cancellationToken)
    {
        (string text, object?[] values) = InterpolatedSql.Read(sql);
        using SqlitePoolConnection connection = await Rent(async, cancellationToken).ConfigureAwait(false);
        using SqlitePoolCommand command = connection.CreateParameterizedCommand(text, values);
        command.IsWhole = true;
        return async
            ? await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false)
            : command.ExecuteNonQuery(cancellationToken);
    }

    public async Task<int> Execute(bool async, string sql, object values, CancellationToken cancellationToken)
    {
        SqliteParameter[] parameters = StatementValues.Resolve(sql, values);
        using SqlitePoolConnection connection = await Rent(async, cancellationToken).ConfigureAwait(false);
        using SqlitePoolCommand command = Command(connection, sql, parameters);
        return async
            ? await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false)
            : command.ExecuteNonQuery(cancellationToken);
    }

    public async Task<T?> ExecuteScalar<T>(bool async, FormattableString sql, CancellationToken cancellationToken)
    {
        (string text, object?[] values) = InterpolatedSql.Read(sql);
        using SqlitePoolConnection connection = await Rent(async, cancellationToken).ConfigureAwait(false);
        using SqlitePoolCommand command = connection.CreateParameterizedCommand(text, values);
        return await ReadScalar<T>(async, command, cancellationToken).ConfigureAwait(false);
    }

    public async Task<T?> ExecuteScalar<T>(bool async, string sql, object values, CancellationToken cancellationToken)
    {
        SqliteParameter[] parameters = StatementValues.Resolve(sql, values);
        using SqlitePoolConnection connection = await Rent(async, cancellationToken).ConfigureAwait(false);
        using SqlitePoolCommand command = Command(connection, sql, parameters);
        return await ReadScalar<T>(async, command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One statement for each of many rows, in one transaction.</summary>
    public async Task<long> ExecuteMany(
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        // Not Write, which may run its work again: the rows may be such as can be read only once.
        using SqlitePoolConnection connection = await pool.RentWriterAsync(cancellationToken).ConfigureAwait(false);
        using PoolTracing.Span span = tracing.StartBatch();
        SqlitePoolTransaction transaction = await connection
            .BeginTransactionAsync(cancellationToken)
            .ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            int done = 0;
            try
            {
                long changes = ExecuteMany(connection, sql, rows, progress, ref done, cancellationToken);
                long start = time.GetTimestamp();
                CommitTicket commit = await transaction
                    .CommitUnsynced(async: true, cancellationToken)
                    .ConfigureAwait(false);
                connection.Dispose();
                await commit.Wait(async: true, cancellationToken).ConfigureAwait(false);
                metrics.RecordBatch(done, time.GetElapsedTime(start));
                PoolTracing.EndBatch(span, done);
                return changes;
            }
            catch (Exception e)
            {
                PoolTracing.EndBatch(span, done, e);
                throw;
            }
        }
    }

    /// <summary>As <see cref="Read"/>, blocking.</summary>
    public T ReadBlocking<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = pool.RentReader(cancellationToken);
        return work(connection);
    }

    /// <summary>As <see cref="Write"/>, blocking.</summary>
    public T WriteBlocking<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken) =>
        Retry.While(
            IsBusy,
            () => WriteOnceBlocking(work, cancellationToken),
            NewDeadline(),
            time,
            cancellationToken,
            StatementErrors.AfterTries
        );

    public static Func<SqlitePoolConnection, Task<bool>> Answering(Func<SqlitePoolConnection, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return async connection =>
        {
            await work(connection).OrThrow().ConfigureAwait(false);
            return true;
        };
    }

    public static Func<SqlitePoolConnection, bool> Answering(Action<SqlitePoolConnection> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return connection =>
        {
            work(connection);
            return true;
        };
    }

    private static long ExecuteMany(
        SqlitePoolConnection connection,
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress,
        ref int done,
        CancellationToken cancellationToken
    )
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        SqliteParameter[] parameters = command.DeriveParameters();
        long changes = 0;
        foreach (IReadOnlyList<object?> row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (row is null)
            {
                throw new ArgumentException($"Row {done} is null.", nameof(rows));
            }

            if (row.Count != parameters.Length)
            {
                throw new ArgumentException(
                    $"Row {done} has {row.Count} values, but the statement has {parameters.Length} parameters.",
                    nameof(rows)
                );
            }

            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i].Value = row[i] ?? DBNull.Value;
            }

            changes += Math.Max(0, command.ExecuteNonQuery(CancellationToken.None));
            if (++done % RowsBetweenReports == 0)
            {
                progress?.Report(done);
            }
        }

        progress?.Report(done);
        return changes;
    }

    private static bool IsBusy(Exception failure) =>
        failure
            is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY }
                or SqliteException { SqliteExtendedErrorCode: raw.SQLITE_LOCKED_SHAREDCACHE };

    private Deadline NewDeadline() => new(time, retryFor);

    private async Task<T> WriteOnce<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = await pool.RentWriterAsync(cancellationToken).ConfigureAwait(false);
        SqlitePoolTransaction transaction = await connection
            .BeginTransactionAsync(cancellationToken)
            .ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            T result = await work(connection).OrThrow().ConfigureAwait(false);
            RefuseOpenWrite(connection);

            // The gate goes to the next before the wait for the disk.
            CommitTicket commit = await transaction
                .CommitUnsynced(async: true, cancellationToken)
                .ConfigureAwait(false);
            connection.Dispose();
            await commit.Wait(async: true, cancellationToken).ConfigureAwait(false);
            return result;
        }
    }

    private T WriteOnceBlocking<T>(Func<SqlitePoolConnection, T> work, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = pool.RentWriter(cancellationToken);
        using SqlitePoolTransaction transaction = connection.BeginTransaction();
        T result = work(connection);
        RefuseOpenWrite(connection);
        CommitTicket commit = Blocking.Result(transaction.CommitUnsynced(async: false, cancellationToken));
        connection.Dispose();
        commit.Wait(async: false, cancellationToken).AsTask().GetAwaiter().GetResult();
        return result;
    }

    // It would keep the commit from being made, however often the work was run again.
    private static void RefuseOpenWrite(SqlitePoolConnection connection)
    {
        if (connection.State != ConnectionState.Open)
        {
            return;
        }

        using ConnectionUse use = connection.BeginUse();
        PhysicalConnection physical = connection.Physical;
        if (physical is { IsExposed: true, IsInTransaction: true } && NativeStatements.IsAnyWriting(physical.Handle))
        {
            throw new InvalidOperationException(
                "The work left a reader open on a statement that writes (RETURNING), made with the driver's connection "
                    + "(SqliteConnection); nothing of it is stored. Read it to its end, or dispose it, before the work ends."
            );
        }
    }

    private static SqlitePoolCommand Command(SqlitePoolConnection connection, string sql, SqliteParameter[] parameters)
    {
        SqlitePoolCommand command = connection.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        command.IsWhole = true;
        return command;
    }

    private ValueTask<SqlitePoolConnection> Rent(bool async, CancellationToken cancellationToken) =>
        async ? pool.RentAsync(cancellationToken) : new ValueTask<SqlitePoolConnection>(pool.Rent(cancellationToken));

    private static async Task<T?> ReadScalar<T>(
        bool async,
        SqlitePoolCommand command,
        CancellationToken cancellationToken
    )
    {
        if (!async)
        {
            using DbDataReader blocking = command.ExecuteReader(cancellationToken);
            return ScalarValue.Read<T>(blocking);
        }

        DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return await ScalarValue.ReadAsync<T>(reader, cancellationToken).ConfigureAwait(false);
        }
    }
}
