using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Connections;

namespace Pool.Sqlite;

/// <summary>SQL for a <see cref="PooledConnection"/>. It works only while the connection is open.</summary>
public sealed class PooledCommand : DbCommand
{
    private readonly SqliteCommand _driver = new();
    private PooledConnection? _connection;
    private SqliteDataReader? _reader;

    /// <summary>A command without a connection.</summary>
    public PooledCommand()
    {
    }

    internal PooledCommand(PooledConnection connection, PooledTransaction? transaction)
    {
        _connection = connection;
        Transaction = transaction;
    }

    /// <summary>The SQL: one statement, or several with semicolons between them.</summary>
    [AllowNull]
    public override string CommandText
    {
        get => _driver.CommandText;
        set => _driver.CommandText = value;
    }

    /// <summary>
    /// In seconds, how long the driver goes on trying while the database is locked. Default 30; 0 for ever.
    /// </summary>
    public override int CommandTimeout
    {
        get => _driver.CommandTimeout;
        set => _driver.CommandTimeout = value;
    }

    /// <summary>Always <see cref="CommandType.Text"/>.</summary>
    public override CommandType CommandType
    {
        get => _driver.CommandType;
        set => _driver.CommandType = value;
    }

    /// <inheritdoc/>
    public override bool DesignTimeVisible { get; set; }

    /// <inheritdoc/>
    public override UpdateRowSource UpdatedRowSource { get; set; }

    /// <summary>The connection that it runs on.</summary>
    public new PooledConnection? Connection
    {
        get => _connection;
        set
        {
            if (value != _connection)
            {
                Release();
                _connection = value;
            }
        }
    }

    /// <summary>The transaction that it runs in; it must be the one its connection is in.</summary>
    public new PooledTransaction? Transaction { get; set; }

    /// <summary>The values for the SQL.</summary>
    public new SqliteParameterCollection Parameters => _driver.Parameters;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => _connection;
        set => Connection = value switch
        {
            null => null,
            PooledConnection pooled => pooled,
            _ => throw new ArgumentException(
                $"A PooledCommand runs on a PooledConnection, not on a {value.GetType().Name}."),
        };
    }

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => _driver.Parameters;

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = value switch
        {
            null => null,
            PooledTransaction pooled => pooled,
            _ => throw new ArgumentException(
                $"A PooledCommand runs in a PooledTransaction, not in a {value.GetType().Name}."),
        };
    }

    /// <summary>True while the physical connection knows of this command.</summary>
    internal bool IsArmed { get; set; }

    internal bool HasOpenReader => _reader is { IsClosed: false };

    /// <summary>Does nothing, as with the driver: SQLite cannot be told to stop this way.</summary>
    public override void Cancel()
    {
    }

    /// <inheritdoc/>
    public override void Prepare() => Run(0, static (driver, _) =>
    {
        driver.Prepare();
        return true;
    });

    /// <inheritdoc/>
    public override int ExecuteNonQuery() => Run(0, static (driver, _) => driver.ExecuteNonQuery());

    /// <inheritdoc/>
    public override object? ExecuteScalar() => Run(0, static (driver, _) => driver.ExecuteScalar());

    /// <summary>A new parameter; it is not in <see cref="Parameters"/> yet.</summary>
    public new SqliteParameter CreateParameter() => _driver.CreateParameter();

    /// <summary>
    /// Lets go of the physical connection: the reader is closed, what was prepared is finalised, and running the
    /// command again needs an open connection.
    /// </summary>
    internal void Release()
    {
        if (!IsArmed)
        {
            return;
        }

        try
        {
            _reader?.Dispose();
        }
        catch (ObjectDisposedException)
        {
            // Its statement has been finalised under it.
        }

        _reader = null;
        _driver.Transaction = null;
        _driver.Connection = null;
        _connection!.Physical.Disarm(this);
    }

    /// <inheritdoc/>
    protected override DbParameter CreateDbParameter() => CreateParameter();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior)
    {
        // The driver would close its own connection with the reader.
        CommandBehavior inner = behavior & ~CommandBehavior.CloseConnection;
        _reader = Run(inner, static (driver, behavior) => driver.ExecuteReader(behavior));
        return behavior == inner ? _reader : new PooledDataReader(_reader, _connection!);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (IsArmed && _connection is { State: ConnectionState.Open } connection)
            {
                bool outermost = connection.Enter();
                Release();
                connection.Exit(outermost);
            }

            _driver.Dispose();
        }

        base.Dispose(disposing);
    }

    private T Run<T>(CommandBehavior behavior, Func<SqliteCommand, CommandBehavior, T> execute)
    {
        PooledConnection connection = _connection
            ?? throw new InvalidOperationException("The command has no connection. Set its Connection first.");
        bool outermost = connection.Enter();
        try
        {
            PhysicalConnection physical = connection.Physical;
            physical.Arm(this);
            _driver.Connection = physical.Driver;
            _driver.Transaction = Transaction?.Driver;
            return execute(_driver, behavior);
        }
        finally
        {
            connection.Exit(outermost);
        }
    }
}
