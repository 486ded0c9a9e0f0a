using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>A transaction on a pooled connection. Disposed without a commit, it is rolled back.</summary>
public sealed class PooledTransaction : DbTransaction
{
    private PooledConnection? _connection;

    internal PooledTransaction(PooledConnection connection, SqliteTransaction driver)
    {
        _connection = connection;
        Driver = driver;
    }

    /// <summary>The connection, or null once the transaction has ended.</summary>
    public new PooledConnection? Connection => _connection;

    /// <inheritdoc/>
    public override IsolationLevel IsolationLevel => Driver.IsolationLevel;

    /// <summary>Always true.</summary>
    public override bool SupportsSavepoints => true;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection => _connection;

    internal SqliteTransaction Driver { get; }

    /// <summary>Makes the changes permanent.</summary>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    /// <exception cref="SqliteException">SQLite refuses; the transaction is then still open.</exception>
    public override void Commit() => Run(static (driver, _) => driver.Commit(), null, ends: true);

    /// <summary>Undoes the changes.</summary>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    public override void Rollback() => Run(static (driver, _) => driver.Rollback(), null, ends: true);

    /// <inheritdoc/>
    public override void Save(string savepointName) =>
        Run(static (driver, name) => driver.Save(name!), savepointName, ends: false);

    /// <inheritdoc/>
    public override void Rollback(string savepointName) =>
        Run(static (driver, name) => driver.Rollback(name!), savepointName, ends: false);

    /// <inheritdoc/>
    public override void Release(string savepointName) =>
        Run(static (driver, name) => driver.Release(name!), savepointName, ends: false);

    /// <summary>The lease went back with this transaction open: it is rolled back, and the object is of no more use.</summary>
    internal void Abandon()
    {
        _connection = null;
        Driver.Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _connection is { State: ConnectionState.Open })
        {
            Run(static (driver, _) => driver.Dispose(), null, ends: true);
        }

        base.Dispose(disposing);
    }

    private void Run(Action<SqliteTransaction, string?> action, string? name, bool ends)
    {
        PooledConnection connection = _connection
            ?? throw new InvalidOperationException("The transaction has ended: it was committed or rolled back.");
        bool outermost = connection.Enter();
        try
        {
            action(Driver, name);
            if (ends)
            {
                _connection = null;
                connection.Physical.Transaction = null;
            }
        }
        finally
        {
            connection.Exit(outermost);
        }
    }
}
