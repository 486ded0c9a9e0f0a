using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

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
        CheckCanBegin(isolationLevel);
        RunText(deferred ? "BEGIN" : "BEGIN IMMEDIATE");
        return Begun(isolationLevel, deferred);
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

        CheckCanBegin(isolationLevel);

        // Begun outside the asynchronous method: see AmbientWriteGate.
        ValueTask run = RunTextAsync(deferred ? "BEGIN" : "BEGIN IMMEDIATE", null, cancellationToken);
        return run.IsCompletedSuccessfully
            ? new ValueTask<SqlitePoolTransaction>(Begun(isolationLevel, deferred))
            : Awaited();

        async ValueTask<SqlitePoolTransaction> Awaited()
        {
            await run.ConfigureAwait(false);
            return Begun(isolationLevel, deferred);
        }
    }

    /// <summary>Runs a text of the pool's own on this lease, waiting for what is in its way.</summary>
    internal void RunText(string sql, SqlitePoolTransaction? transaction = null)
    {
        StatementCursor cursor = StatementCursor.For(
            this,
            sql,
            null,
            DefaultCommandTimeout,
            transaction,
            isCommand: false
        );
        try
        {
            cursor.Run(Operation.NonQuery);
        }
        finally
        {
            cursor.Recycle();
        }
    }

    /// <summary>Commits, and leaves the wait for the disk to the caller, which lets go of the gate before.</summary>
    internal async ValueTask<CommitTicket> CommitUnsynced(
        bool async,
        SqlitePoolTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        StatementCursor cursor = StatementCursor.For(
            this,
            "COMMIT",
            null,
            DefaultCommandTimeout,
            transaction,
            isCommand: false
        );
        cursor.LeavesSync = true;
        try
        {
            if (async)
            {
                await cursor.RunAsync(Operation.NonQuery, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                cursor.Run(Operation.NonQuery);
            }

            return cursor.Commit;
        }
        finally
        {
            cursor.Recycle();
        }
    }

    /// <inheritdoc cref="RunText"/>
    internal ValueTask RunTextAsync(string sql, SqlitePoolTransaction? transaction, CancellationToken cancellationToken)
    {
        StatementCursor cursor = StatementCursor.For(
            this,
            sql,
            null,
            DefaultCommandTimeout,
            transaction,
            isCommand: false
        );
        ValueTask run = cursor.RunAsync(Operation.NonQuery, cancellationToken);
        if (!run.IsCompletedSuccessfully)
        {
            return Awaited(cursor, run);
        }

        cursor.Recycle();
        return run;

        static async ValueTask Awaited(StatementCursor cursor, ValueTask run)
        {
            try
            {
                await run.ConfigureAwait(false);
            }
            finally
            {
                cursor.Recycle();
            }
        }
    }

    void IStatementLease.CheckTransaction(DbTransaction? claimed)
    {
        if (CurrentTransaction is { } current && current.HasEnded())
        {
            throw SqlitePoolTransaction.Ended();
        }

        if (claimed is SqlitePoolTransaction { Connection: null })
        {
            throw SqlitePoolTransaction.Ended();
        }

        if (claimed != CurrentTransaction)
        {
            throw new InvalidOperationException(
                claimed is null
                    ? "The connection is in a transaction, and the command's Transaction is not set. Set it to that transaction."
                    : "The command's Transaction is not the one its connection is in."
            );
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

    private SqlitePoolTransaction Begun(IsolationLevel isolationLevel, bool deferred)
    {
        bool readsUncommitted = isolationLevel == IsolationLevel.ReadUncommitted && deferred && _pool!.SharesCache;
        if (readsUncommitted)
        {
            bool outermost = Enter();
            try
            {
                Physical.Step("PRAGMA read_uncommitted=1");
            }
            finally
            {
                Exit(outermost);
            }
        }

        return CurrentTransaction = new SqlitePoolTransaction(this, readsUncommitted);
    }

    private void CheckCanBegin(IsolationLevel isolationLevel)
    {
        if (isolationLevel is IsolationLevel.Chaos or IsolationLevel.Snapshot)
        {
            throw new ArgumentException(
                $"SQLite has no isolation level {isolationLevel}. Leave it out: it is serializable."
            );
        }

        if (Role == SqlitePoolConnectionRole.Reader)
        {
            throw new InvalidOperationException(
                "This is a reader lease, which is one read transaction already. Use RentAsync for transactions of your own."
            );
        }

        if (IsForItem)
        {
            throw SharedTransaction.NoTransactionControl();
        }

        if (CurrentTransaction is not null || IsInTransaction())
        {
            throw new InvalidOperationException(
                "The connection is in a transaction already, and SQLite does not nest them. Use Save() for a savepoint in it."
            );
        }
    }

    /// <summary>
    /// The error of a transaction whose connection was closed by the caller's code; null when it was not.
    /// </summary>
    internal InvalidOperationException? WasClosedByCaller()
    {
        if (State != ConnectionState.Open)
        {
            return null;
        }

        bool outermost = Enter();
        bool wasClosed = Physical.IsClosedByCaller;
        Exit(outermost);
        return wasClosed ? DriverAccess.ClosedByCaller() : null;
    }

    private bool IsInTransaction()
    {
        bool outermost = Enter();
        bool isInTransaction = Physical.IsInTransaction;
        Exit(outermost);
        return isInTransaction;
    }
}
