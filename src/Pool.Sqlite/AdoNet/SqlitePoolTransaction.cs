using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <summary>A transaction on a pooled connection. Disposed without a commit, it is rolled back.</summary>
public sealed class SqlitePoolTransaction : DbTransaction
{
    private SqlitePoolConnection? _connection;
    private readonly bool _readsUncommitted;

    internal SqlitePoolTransaction(SqlitePoolConnection connection, bool readsUncommitted)
    {
        _connection = connection;
        _readsUncommitted = readsUncommitted;
    }

    /// <summary>The connection, or null once the transaction has ended.</summary>
    public new SqlitePoolConnection? Connection => _connection;

    /// <summary>The one that it has, or had: it can also be asked when the transaction has ended.</summary>
    public override IsolationLevel IsolationLevel =>
        _readsUncommitted ? IsolationLevel.ReadUncommitted : IsolationLevel.Serializable;

    /// <summary>Always true.</summary>
    public override bool SupportsSavepoints => true;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection => _connection;

    /// <summary>Makes the changes permanent.</summary>
    /// <exception cref="InvalidOperationException">
    /// The transaction has ended, perhaps by itself after an error.
    /// </exception>
    /// <exception cref="SqliteException">SQLite refuses; the transaction is then still open.</exception>
    public override void Commit()
    {
        SqlitePoolConnection connection = Open();
        LeaseText.Run(connection, "COMMIT", this);
        End(connection);
    }

    /// <inheritdoc cref="Commit"/>
    /// <param name="cancellationToken">
    /// Ends the wait for readers that are in the way; the transaction is then still open.
    /// </param>
    public override async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        CommitTicket commit = await CommitUnsynced(async: true, cancellationToken).ConfigureAwait(false);
        await commit.Wait(async: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commits, and leaves the wait for the disk to the caller, which lets go of the gate before.</summary>
    internal async ValueTask<CommitTicket> CommitUnsynced(bool async, CancellationToken cancellationToken)
    {
        SqlitePoolConnection connection = Open();
        CommitTicket commit = await LeaseText.Commit(connection, async, this, cancellationToken).ConfigureAwait(false);
        End(connection);
        return commit;
    }

    /// <summary>Undoes the changes.</summary>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    public override void Rollback()
    {
        SqlitePoolConnection connection = _connection ?? throw Ended();

        // After some errors SQLite rolls back by itself; undoing what is undone is no error.
        if (!HasEnded())
        {
            LeaseText.Run(connection, "ROLLBACK", this);
        }

        End(connection);
    }

    /// <inheritdoc cref="Rollback()"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task RollbackAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.RollbackAsync(CancellationToken.None);

    /// <inheritdoc/>
    public override void Save(string savepointName) => LeaseText.Run(Open(), $"SAVEPOINT {Quote(savepointName)}", this);

    /// <inheritdoc/>
    public override void Rollback(string savepointName) =>
        LeaseText.Run(Open(), $"ROLLBACK TO SAVEPOINT {Quote(savepointName)}", this);

    /// <inheritdoc/>
    public override void Release(string savepointName) =>
        LeaseText.Run(Open(), $"RELEASE SAVEPOINT {Quote(savepointName)}", this);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task SaveAsync(string savepointName, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.SaveAsync(savepointName, CancellationToken.None);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task RollbackAsync(string savepointName, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.RollbackAsync(savepointName, CancellationToken.None);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task ReleaseAsync(string savepointName, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.ReleaseAsync(savepointName, CancellationToken.None);

    internal static InvalidOperationException Ended() =>
        new("The transaction has ended: it was committed or rolled back.");

    /// <summary>
    /// The lease went back with this transaction open: it is rolled back, and the object is of no more use.
    /// </summary>
    internal void Abandon() => _connection = null;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _connection is { State: ConnectionState.Open })
        {
            Rollback();
        }

        base.Dispose(disposing);
    }

    /// <summary>True when SQLite is in no transaction any more.</summary>
    internal bool HasEnded()
    {
        if (_connection is not { State: ConnectionState.Open } connection)
        {
            return _connection is null;
        }

        bool outermost = connection.Enter();
        bool hasEnded = _connection is null || !connection.Physical.IsInTransaction;
        connection.Exit(outermost);
        return hasEnded;
    }

    /// <exception cref="InvalidOperationException">
    /// It has ended, or the caller's code has closed the connection under it.
    /// </exception>
    private SqlitePoolConnection Open()
    {
        SqlitePoolConnection connection = _connection ?? throw Ended();
        return HasEnded() ? throw (WasClosedByCaller(connection) ?? Ended()) : connection;
    }

    private void End(SqlitePoolConnection connection)
    {
        _connection = null;
        connection.CurrentTransaction = null;
        bool outermost = connection.Enter();
        try
        {
            if (_readsUncommitted && !connection.Physical.IsClosedByCaller)
            {
                connection.Physical.Step("PRAGMA read_uncommitted=0");
            }

            // SQLite may have ended it by itself.
            connection.Physical.ReleaseGateIfDone();
        }
        catch (Microsoft.Data.Sqlite.SqliteException e) when (connection.Physical.NoteFailure(e))
        {
            throw;
        }
        finally
        {
            connection.Exit(outermost);
        }
    }

    private static string Quote(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Before a statement: its transaction is to be the one that its connection is in.</summary>
    internal static void Check(SqlitePoolTransaction? own, DbTransaction? claimed)
    {
        if (own is not null && own.HasEnded())
        {
            throw Ended();
        }

        if (claimed is SqlitePoolTransaction { Connection: null })
        {
            throw Ended();
        }

        if (claimed != own)
        {
            throw new InvalidOperationException(
                claimed is null
                    ? "The connection is in a transaction, and the command's Transaction is not set. Set it to that transaction."
                    : "The command's Transaction is not the one its connection is in."
            );
        }
    }

    /// <summary>
    /// The error of a transaction whose connection was closed by the caller's code; null when it was not.
    /// </summary>
    private static InvalidOperationException? WasClosedByCaller(SqlitePoolConnection connection)
    {
        if (connection.State != ConnectionState.Open)
        {
            return null;
        }

        using ConnectionUse use = connection.BeginUse();
        return connection.Physical.IsClosedByCaller ? DriverAccess.ClosedByCaller() : null;
    }
}
