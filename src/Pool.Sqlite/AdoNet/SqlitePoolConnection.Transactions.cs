using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.WriteQueue;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

public sealed partial class SqlitePoolConnection
{
    /// <summary>Begins a transaction that can write: <c>BEGIN IMMEDIATE</c>, once the write gate is free.</summary>
    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    public new SqlitePoolTransaction BeginTransaction() => BeginTransaction(IsolationLevel.Unspecified, deferred: false);

    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    public SqlitePoolTransaction BeginTransaction(bool deferred) => BeginTransaction(IsolationLevel.Unspecified, deferred);

    /// <inheritdoc cref="BeginTransaction(IsolationLevel, bool)"/>
    public new SqlitePoolTransaction BeginTransaction(IsolationLevel isolationLevel) =>
        BeginTransaction(isolationLevel, deferred: isolationLevel == IsolationLevel.ReadUncommitted);

    /// <summary>Begins a transaction.</summary>
    /// <param name="isolationLevel">SQLite is serializable; what is weaker becomes that.</param>
    /// <param name="deferred">
    /// False for <c>BEGIN IMMEDIATE</c>: it can write from the start. True for <c>BEGIN</c>: it takes the write gate at its
    /// first write, which fails with SQLITE_BUSY_SNAPSHOT when somebody else has written since its first read.
    /// </param>
    /// <exception cref="SqliteException">SQLite refuses, or the right to write could not be had in time.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a transaction already, it is a reader lease, or the connection is closed or in use by another thread.
    /// </exception>
    /// <exception cref="ArgumentException">SQLite has no such isolation level.</exception>
    public SqlitePoolTransaction BeginTransaction(IsolationLevel isolationLevel, bool deferred)
    {
        if (TryBegin(isolationLevel, deferred, out SqlitePoolTransaction? transaction, out WriteBlocker blocker))
        {
            return transaction!;
        }

        return BeginAfterWaiting(
                isolationLevel, deferred, blocker, AmbientWriteGate.Prepare(), async: false, CancellationToken.None)
            .AsTask().GetAwaiter().GetResult();
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
        IsolationLevel isolationLevel, bool deferred, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryBegin(isolationLevel, deferred, out SqlitePoolTransaction? transaction, out WriteBlocker blocker))
        {
            return new ValueTask<SqlitePoolTransaction>(transaction!);
        }

        return BeginAfterWaiting(
            isolationLevel, deferred, blocker, AmbientWriteGate.Prepare(), async: true, cancellationToken);
    }

    /// <summary>A wait for the write gate, noted in the pool until it is disposed.</summary>
    internal WaitReporter.GateWait BeginGateWait() => _pool!.Waits.BeginGateWait();

    /// <inheritdoc/>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => BeginTransaction(isolationLevel);

    /// <inheritdoc/>
    protected override ValueTask<DbTransaction> BeginDbTransactionAsync(
        IsolationLevel isolationLevel, CancellationToken cancellationToken)
    {
        // Begun outside the asynchronous method: see AmbientWriteGate.
        return Awaited(
            BeginTransactionAsync(isolationLevel, isolationLevel == IsolationLevel.ReadUncommitted, cancellationToken));

        static async ValueTask<DbTransaction> Awaited(ValueTask<SqlitePoolTransaction> transaction) =>
            await transaction.ConfigureAwait(false);
    }

    private async ValueTask<SqlitePoolTransaction> BeginAfterWaiting(
        IsolationLevel isolationLevel,
        bool deferred,
        WriteBlocker blocker,
        AmbientWriteGate mark,
        bool async,
        CancellationToken cancellationToken)
    {
        WriteWait wait = new(this, DefaultCommandTimeout);
        SqlitePoolTransaction? transaction;
        try
        {
            do
            {
                await wait.For(blocker, combinedWrite: null, async, cancellationToken).ConfigureAwait(false);
            }
            while (!TryBegin(isolationLevel, deferred, out transaction, out blocker));
        }
        finally
        {
            mark.EndUnlessHeld();
        }

        return transaction!;
    }

    private bool TryBegin(
        IsolationLevel isolationLevel, bool deferred, out SqlitePoolTransaction? transaction, out WriteBlocker blocker)
    {
        transaction = null;
        blocker = WriteBlocker.None;
        bool outermost = Enter();
        PhysicalConnection physical = Physical;
        try
        {
            physical.IsTouched = true;
            CheckCanBegin(physical, isolationLevel);
            if (deferred)
            {
                physical.Step("BEGIN");
            }
            else if (!physical.HoldsGate && !(physical.HoldsGate = physical.Gate.TryEnter()))
            {
                blocker = WriteBlocker.Gate;
                return false;
            }
            else if (!WriteWait.TryBegin(physical))
            {
                blocker = WriteBlocker.Lock;
                return false;
            }

            bool readsUncommitted = isolationLevel == IsolationLevel.ReadUncommitted && deferred && _pool!.SharesCache;
            if (readsUncommitted)
            {
                physical.Step("PRAGMA read_uncommitted=1");
            }

            CurrentTransaction = transaction = new SqlitePoolTransaction(this, readsUncommitted);
            physical.MarkAmbientGate(LeaseId);
            return true;
        }
        finally
        {
            if (blocker == WriteBlocker.None)
            {
                physical.ReleaseGateIfDone();
            }

            Exit(outermost);
        }
    }

    private void CheckCanBegin(PhysicalConnection physical, IsolationLevel isolationLevel)
    {
        if (isolationLevel is IsolationLevel.Chaos or IsolationLevel.Snapshot)
        {
            throw new ArgumentException($"SQLite has no isolation level {isolationLevel}. Leave it out: it is serializable.");
        }

        if (Role == SqlitePoolConnectionRole.Reader)
        {
            throw new InvalidOperationException(
                "This is a reader lease, which is one read transaction already. Use RentAsync for transactions of your own.");
        }

        if (IsForItem)
        {
            throw WriteItemExecutor.NoTransactionControl();
        }

        if (CurrentTransaction is not null || physical.IsInTransaction)
        {
            throw new InvalidOperationException(
                "The connection is in a transaction already, and SQLite does not nest them. Use Save() for a savepoint in it.");
        }
    }
}
