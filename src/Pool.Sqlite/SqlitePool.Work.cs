using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    private const int RowsBetweenReports = 1_000;

    /// <summary>
    /// Lends a connection for reading: one read transaction from the first statement to the return, so that everything
    /// read belongs together. A statement that writes is refused before it runs.
    /// </summary>
    /// <inheritdoc cref="RentAsync"/>
    public ValueTask<SqlitePoolConnection> RentReaderAsync(CancellationToken cancellationToken = default) =>
        !_watchesRents
        && !cancellationToken.IsCancellationRequested
        && _leases.TryRentFromSlot(out PoolEntry<PhysicalConnection>? item)
            ? new ValueTask<SqlitePoolConnection>(ReaderOf(item))
            : RentReaderSlowAsync(cancellationToken);

    /// <summary>As <see cref="RentReaderAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public SqlitePoolConnection RentReader(CancellationToken cancellationToken = default) =>
        ReaderOf(RentItem(cancellationToken));

    /// <summary>
    /// Lends the pool's own writer connection, which is not counted in <see cref="SqlitePoolOptions.PoolSize"/>, with the
    /// write gate held until it is returned: nobody else in this process writes to the database meanwhile.
    /// </summary>
    /// <inheritdoc cref="RentAsync"/>
    public ValueTask<SqlitePoolConnection> RentWriterAsync(CancellationToken cancellationToken = default)
    {
        return RentWriter(AmbientWriteGate.Prepare(), async: true, cancellationToken);
    }

    /// <summary>As <see cref="RentWriterAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="RentAsync"/>
    public SqlitePoolConnection RentWriter(CancellationToken cancellationToken = default)
    {
        return RentWriter(AmbientWriteGate.Prepare(), async: false, cancellationToken).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Runs <paramref name="work"/> on a reader lease: one snapshot.</summary>
    /// <param name="work">What to read. It is called once.</param>
    /// <param name="cancellationToken">Ends the wait for a connection.</param>
    /// <inheritdoc cref="RentAsync"/>
    public async Task<T> ReadAsync<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        using SqlitePoolConnection connection = await RentReaderAsync(cancellationToken).ConfigureAwait(false);
        return await work(connection).ConfigureAwait(false);
    }

    /// <inheritdoc cref="ReadAsync{T}"/>
    public Task ReadAsync(Func<SqlitePoolConnection, Task> work, CancellationToken cancellationToken = default) =>
        ReadAsync(Answering(work), cancellationToken);

    /// <summary>
    /// Runs <paramref name="work"/> on the writer connection inside one <c>BEGIN IMMEDIATE</c>: committed when it returns,
    /// rolled back when it throws. When another process makes it fail as busy, it is rolled back and run again, after
    /// pauses of 10, 20, 40 ms and so on, until <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </summary>
    /// <param name="work">What to write. It can be called more than once, so it should change nothing but the database.</param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <exception cref="SqliteException">SQLite refuses; nothing was written.</exception>
    /// <inheritdoc cref="RentAsync"/>
    public async Task<T> WriteAsync<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        Deadline deadline = new(_time, _options.RentTimeout);
        for (int retry = 0; ; retry++)
        {
            TimeSpan pause = Backoff.Delay(retry);
            try
            {
                return await WriteOnce(work, cancellationToken).ConfigureAwait(false);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && deadline.Allows(pause))
            {
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<SqlitePoolConnection, Task> work, CancellationToken cancellationToken = default) =>
        WriteAsync(Answering(work), cancellationToken);

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
    /// <inheritdoc cref="RentAsync"/>
    public async Task<int> ExecuteAsync(FormattableString sql, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sql);
        (string text, object?[] values) = InterpolatedSql.Read(sql);
        using SqlitePoolConnection connection = await RentAsync(cancellationToken).ConfigureAwait(false);
        using SqlitePoolCommand command = connection.CreateParameterizedCommand(text, values);
        command.IsWhole = true;
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
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
    /// <inheritdoc cref="RentAsync"/>
    public async Task<long> ExecuteManyAsync(
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ArgumentNullException.ThrowIfNull(rows);

        // Not WriteAsync, which may run its work again: the rows may be such as can be read only once.
        using SqlitePoolConnection connection = await RentWriterAsync(cancellationToken).ConfigureAwait(false);
        using PoolTracing.Span span = _tracing.StartBatch();
        SqlitePoolTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            int done = 0;
            try
            {
                long changes = ExecuteMany(connection, sql, rows, progress, ref done, cancellationToken);
                long start = _time.GetTimestamp();
                transaction.Commit();
                _metrics.RecordBatch(done, _time.GetElapsedTime(start));
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

    private static long ExecuteMany(
        SqlitePoolConnection connection,
        string sql,
        IEnumerable<IReadOnlyList<object?>> rows,
        IProgress<long>? progress,
        ref int done,
        CancellationToken cancellationToken)
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        SqliteParameter[] parameters = command.DeriveParameters();
        long changes = 0;
        foreach (IReadOnlyList<object?> row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (row.Count != parameters.Length)
            {
                throw new ArgumentException(
                    $"Row {done} has {row.Count} values, but the statement has {parameters.Length} parameters.", nameof(rows));
            }

            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i].Value = row[i] ?? DBNull.Value;
            }

            changes += Math.Max(0, command.ExecuteNonQuery());
            if (++done % RowsBetweenReports == 0)
            {
                progress?.Report(done);
            }
        }

        progress?.Report(done);
        return changes;
    }

    private async Task<T> WriteOnce<T>(Func<SqlitePoolConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection connection = await RentWriterAsync(cancellationToken).ConfigureAwait(false);
        SqlitePoolTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            T result = await work(connection).ConfigureAwait(false);
            transaction.Commit();
            return result;
        }
    }

    private async ValueTask<SqlitePoolConnection> RentReaderSlowAsync(CancellationToken cancellationToken) =>
        ReaderOf(await RentItemAsync(cancellationToken).ConfigureAwait(false));

    private SqlitePoolConnection ReaderOf(PoolEntry<PhysicalConnection> item)
    {
        item.Value.Notes.RentedAsReader(item.Rents);
        return new SqlitePoolConnection(this, item, SqlitePoolConnectionRole.Reader);
    }

    private async ValueTask<SqlitePoolConnection> RentWriter(
        AmbientWriteGate mark, bool async, CancellationToken cancellationToken)
    {
        RentSite? site = CaptureSite();
        PoolEntry<PhysicalConnection> item;
        try
        {
            item = await RentWithGate(_writers, _options.RentTimeout, async, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            mark.EndUnlessHeld();
        }

        Note(item, site);
        return new SqlitePoolConnection(this, item, SqlitePoolConnectionRole.Writer);
    }

    private async ValueTask<PoolEntry<PhysicalConnection>> RentWithGate(
        LeasePool<PhysicalConnection> writers, TimeSpan timeout, bool async, CancellationToken cancellationToken)
    {
        Deadline deadline = new(_time, timeout);
        ThrowIfFlowHoldsGate();
        PoolEntry<PhysicalConnection> item = async
            ? await writers.RentAsync(cancellationToken).ConfigureAwait(false)
            : writers.Rent(cancellationToken);
        PhysicalConnection physical = item.Value;
        try
        {
            if (!await EnterGate(physical.Gate, async, deadline.Remaining, cancellationToken).ConfigureAwait(false))
            {
                string holder = physical.Gate.Holder is { } mark ? $", it is held by {mark}" : "";
                throw RefusedException(
                    $"The right to write was not free within {Seconds(deadline.Elapsed)}{holder}.", deadline.Elapsed);
            }
        }
        catch
        {
            item.Pool.Return(item);
            throw;
        }

        physical.HoldsGate = physical.KeepsGate = physical.IsTouched = true;
        physical.MarkAmbientGate(SqlitePoolConnection.IdOf(item));
        return item;
    }

    // Before it waits for the one writer connection, which the flow itself may have.
    private void ThrowIfFlowHoldsGate()
    {
        if (AmbientWriteGate.MayHoldGate)
        {
            foreach (PhysicalConnection connection in _all.SelectMany(static pool => pool.Values))
            {
                connection.Gate.ThrowIfHeldByFlow();
            }
        }
    }

    private static Func<SqlitePoolConnection, Task<bool>> Answering(Func<SqlitePoolConnection, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return async connection =>
        {
            await work(connection).ConfigureAwait(false);
            return true;
        };
    }
}
