using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
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

    /// <inheritdoc/>
    public override IsolationLevel IsolationLevel => _connection is null
        ? throw Ended()
        : _readsUncommitted ? IsolationLevel.ReadUncommitted : IsolationLevel.Serializable;

    /// <summary>Always true.</summary>
    public override bool SupportsSavepoints => true;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection => _connection;

    /// <summary>Makes the changes permanent.</summary>
    /// <exception cref="InvalidOperationException">The transaction has ended, perhaps by itself after an error.</exception>
    /// <exception cref="SqliteException">SQLite refuses; the transaction is then still open.</exception>
    public override void Commit() => CommitUnsynced().Wait(async: false).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc cref="Commit"/>
    /// <param name="cancellationToken">Looked at before it commits, and while it waits for the disk.</param>
    public override async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await CommitUnsynced().Wait(async: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commits, and leaves the wait for the disk to the caller, which lets go of the gate before.</summary>
    internal CommitTicket CommitUnsynced() => Run("COMMIT", ends: true);

    /// <summary>Undoes the changes.</summary>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    public override void Rollback() => Run("ROLLBACK", ends: true);

    /// <inheritdoc/>
    public override void Save(string savepointName) => Run($"SAVEPOINT {Quote(savepointName)}", ends: false);

    /// <inheritdoc/>
    public override void Rollback(string savepointName) => Run($"ROLLBACK TO SAVEPOINT {Quote(savepointName)}", ends: false);

    /// <inheritdoc/>
    public override void Release(string savepointName) => Run($"RELEASE SAVEPOINT {Quote(savepointName)}", ends: false);

    internal static InvalidOperationException Ended() =>
        new("The transaction has ended: it was committed or rolled back.");

    /// <summary>The lease went back with this transaction open: it is rolled back, and the object is of no more use.</summary>
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

    private CommitTicket Run(string sql, bool ends)
    {
        SqlitePoolConnection connection = _connection ?? throw Ended();
        bool outermost = connection.Enter();
        try
        {
            // Abandoned meanwhile: what is open now is another lease of the same connection.
            if (_connection is null)
            {
                throw Ended();
            }

            PhysicalConnection physical = connection.Physical;

            // After some errors SQLite rolls back by itself; undoing what is undone is no error, going on is one.
            if (physical.IsInTransaction)
            {
                physical.Step(sql);
            }
            else if (sql != "ROLLBACK")
            {
                throw Ended();
            }

            if (ends)
            {
                _connection = null;
                connection.CurrentTransaction = null;
                if (_readsUncommitted)
                {
                    physical.Step("PRAGMA read_uncommitted=0");
                }

                physical.ReleaseGateIfDone();
            }

            return physical.TakeCommit();
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
}
