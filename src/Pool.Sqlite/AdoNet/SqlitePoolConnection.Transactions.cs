using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite;

public sealed partial class SqlitePoolConnection
{
    /// <summary>Begins a transaction that can write: <c>BEGIN IMMEDIATE</c>, once the write gate is free.</summary>
    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    public new SqlitePoolTransaction BeginTransaction() =>
        BeginTransaction(IsolationLevel.Unspecified, deferred: false);

    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    public SqlitePoolTransaction BeginTransaction(bool deferred) =>
        BeginTransaction(IsolationLevel.Unspecified, deferred);

    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    public new SqlitePoolTransaction BeginTransaction(IsolationLevel isolationLevel) =>
        BeginTransaction(isolationLevel, deferred: isolationLevel == IsolationLevel.ReadUncommitted);

    /// <summary>Begins a transaction.</summary>
    /// <param name="isolationLevel">SQLite is serializable; what is weaker becomes that.</param>
    /// <param name="deferred">
    /// False for <c>BEGIN IMMEDIATE</c>: it can write from the start. True for <c>BEGIN</c>: it takes the write gate at
    /// its first write, which fails with SQLITE_BUSY_SNAPSHOT when another connection has written since its first read.
    /// </param>
    /// <exception cref="SqliteException">SQLite refuses, or the right to write could not be had in time.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a transaction already, it is a reader lease, or the connection is closed or in use by another thread.
    /// </exception>
    /// <exception cref="ArgumentException">SQLite has no such isolation level.</exception>
    public SqlitePoolTransaction BeginTransaction(IsolationLevel isolationLevel, bool deferred)
    {
        TransactionStart.Check(this, isolationLevel);
        LeaseText.Run(this, TransactionStart.Sql(deferred));
        return TransactionStart.Begun(this, isolationLevel, deferred);
    }

    /// <inheritdoc cref="BeginTransaction()"/>
    /// <param name="cancellationToken">Ends the wait for the write gate.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public new ValueTask<SqlitePoolTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default) =>
        BeginTransactionAsync(IsolationLevel.Unspecified, deferred: false, cancellationToken);

    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    /// <param name="isolationLevel">SQLite is serializable; what is weaker becomes that.</param>
    /// <param name="deferred">False for <c>BEGIN IMMEDIATE</c>, true for <c>BEGIN</c>.</param>
    /// <param name="cancellationToken">Ends the wait for the write gate.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<SqlitePoolTransaction> BeginTransactionAsync(
        IsolationLevel isolationLevel,
        bool deferred,
        CancellationToken cancellationToken = default
    )
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new ValueTask<SqlitePoolTransaction>(Cancellation.Of<SqlitePoolTransaction>(cancellationToken));
        }

        TransactionStart.Check(this, isolationLevel);

        // Begun outside the asynchronous method: see AmbientWriteGate.
        ValueTask run = LeaseText.RunAsync(this, TransactionStart.Sql(deferred), null, cancellationToken);
        return run.IsCompletedSuccessfully
            ? new ValueTask<SqlitePoolTransaction>(TransactionStart.Begun(this, isolationLevel, deferred))
            : Awaited();

        async ValueTask<SqlitePoolTransaction> Awaited()
        {
            await run.ConfigureAwait(false);
            return TransactionStart.Begun(this, isolationLevel, deferred);
        }
    }

    /// <inheritdoc/>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
        BeginTransaction(isolationLevel);

    /// <inheritdoc/>
    protected override ValueTask<DbTransaction> BeginDbTransactionAsync(
        IsolationLevel isolationLevel,
        CancellationToken cancellationToken
    )
    {
        // Begun outside the asynchronous method: see AmbientWriteGate.
        return Awaited(
            BeginTransactionAsync(isolationLevel, isolationLevel == IsolationLevel.ReadUncommitted, cancellationToken)
        );

        static async ValueTask<DbTransaction> Awaited(ValueTask<SqlitePoolTransaction> transaction) =>
            await transaction.ConfigureAwait(false);
    }
}
