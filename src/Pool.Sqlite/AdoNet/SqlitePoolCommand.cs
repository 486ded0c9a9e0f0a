using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>
/// SQL for a <see cref="SqlitePoolConnection"/>. Its statement is prepared once for each connection and text, and kept;
/// what writes queues at the write gate of the database; a cancelled token, <see cref="Cancel"/> and
/// <see cref="CommandTimeout"/> stop it while it runs.
/// </summary>
public sealed class SqlitePoolCommand : DbCommand
{
    private string _text = "";
    private ParameterList? _parameters;
    private SqlitePoolConnection? _connection;
    private int _timeout = -1;

    private CurrentExecution _execution;

    /// <summary>A command without a connection.</summary>
    public SqlitePoolCommand() { }

    internal SqlitePoolCommand(SqlitePoolConnection connection, SqlitePoolTransaction? transaction)
    {
        _connection = connection;
        Transaction = transaction;
    }

    /// <summary>The SQL: one statement, or several with semicolons between them.</summary>
    /// <exception cref="InvalidOperationException">A reader of this command is open.</exception>
    /// <exception cref="ArgumentException">It has a NUL character.</exception>
    [AllowNull]
    public override string CommandText
    {
        get => _text;
        set
        {
            _execution.ThrowIfReaderIsOpen("command");
            _text =
                value?.Contains('\0', StringComparison.Ordinal) != true
                    ? value ?? ""
                    : throw new ArgumentException(
                        "CommandText has a NUL character, at which SQL ends. Pass such a value as a parameter."
                    );
        }
    }

    /// <summary>
    /// In seconds: how long a statement may wait for the right to write, and then run until its first row, or its end if
    /// it writes. Default: the connection string's <c>Default Timeout</c>, which is 30; 0 for no limit. Reading rows has
    /// no limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public override int CommandTimeout
    {
        get => _timeout >= 0 ? _timeout : _connection?.DefaultTimeout ?? 30;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _timeout = value;
        }
    }

    /// <summary>Always <see cref="CommandType.Text"/>.</summary>
    /// <exception cref="ArgumentException">It is set to another: SQLite has no stored procedures.</exception>
    public override CommandType CommandType
    {
        get => CommandType.Text;
        set
        {
            if (value != CommandType.Text)
            {
                throw new ArgumentException($"CommandType is {value}. SQLite has CommandType.Text only.");
            }
        }
    }

    /// <inheritdoc/>
    public override bool DesignTimeVisible { get; set; }

    /// <inheritdoc/>
    public override UpdateRowSource UpdatedRowSource { get; set; }

    /// <summary>The connection that it runs on.</summary>
    /// <exception cref="InvalidOperationException">A reader of this command is open.</exception>
    public new SqlitePoolConnection? Connection
    {
        get => _connection;
        set
        {
            if (value != _connection)
            {
                _execution.ThrowIfReaderIsOpen("command");
                _connection = value;
            }
        }
    }

    /// <summary>The transaction that it runs in; it must be the one its connection is in.</summary>
    public new SqlitePoolTransaction? Transaction { get; set; }

    /// <summary>The values for the SQL.</summary>
    public new SqliteParameterCollection Parameters => _parameters ??= new ParameterList();

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => _connection;
        set => Connection = PooledParts.Connection(value, nameof(SqlitePoolCommand));
    }

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => Parameters;

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = PooledParts.Transaction(value, nameof(SqlitePoolCommand));
    }

    /// <summary>
    /// Stops the statement if it is running, also from another thread: it then throws
    /// <see cref="OperationCanceledException"/>. It never touches a statement that runs later.
    /// </summary>
    public override void Cancel() => _execution.Cancel();

    /// <summary>Prepares the statement, so that an error in it shows now.</summary>
    /// <exception cref="SqliteException">SQLite cannot prepare it.</exception>
    public override void Prepare() => CommandPreparation.Prepare(OpenConnection(), _text);

    /// <inheritdoc cref="Prepare"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task PrepareAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Cancellation.Of<bool>(cancellationToken)
            : base.PrepareAsync(CancellationToken.None);

    /// <summary>Runs the statement; answers how many rows it changed, or -1 when it cannot change any.</summary>
    /// <inheritdoc cref="ExecuteDbDataReader(CommandBehavior)"/>
    public override int ExecuteNonQuery() => ExecuteNonQuery(CancellationToken.None);

    /// <inheritdoc cref="ExecuteNonQuery()"/>
    /// <exception cref="OperationCanceledException">The token was cancelled; the statement was stopped.</exception>
    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) =>
        ExecuteAsync(Operation.NonQuery, static cursor => cursor.RecordsAffected, cancellationToken);

    /// <summary>Runs the statement; answers the first column of its first row, or null when there is none.</summary>
    /// <inheritdoc cref="ExecuteDbDataReader(CommandBehavior)"/>
    public override object? ExecuteScalar() => Execute(Operation.Scalar, static cursor => cursor.Value);

    /// <inheritdoc cref="ExecuteScalar"/>
    /// <exception cref="OperationCanceledException">The token was cancelled; the statement was stopped.</exception>
    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        ExecuteAsync(Operation.Scalar, static cursor => cursor.Value, cancellationToken);

    /// <summary>As <see cref="ExecuteNonQuery()"/>, stopped by a token.</summary>
    internal int ExecuteNonQuery(CancellationToken cancellationToken) =>
        Execute(Operation.NonQuery, static cursor => cursor.RecordsAffected, cancellationToken);

    /// <summary>As <see cref="ExecuteDbDataReader(CommandBehavior)"/>, stopped by a token.</summary>
    internal DbDataReader ExecuteReader(CancellationToken cancellationToken) =>
        ExecuteDbDataReader(CommandBehavior.Default, cancellationToken);

    /// <summary>Adds a parameter for each that the statement has, without values.</summary>
    /// <exception cref="ArgumentException">There is not exactly one statement, or a parameter has no name.</exception>
    internal SqliteParameter[] DeriveParameters()
    {
        SqliteParameter[] parameters = CommandPreparation.DeriveParameters(OpenConnection(), _text);
        Parameters.AddRange(parameters);
        return parameters;
    }

    /// <summary>A new parameter; it is not in <see cref="Parameters"/> yet.</summary>
#pragma warning disable CA1822 // ADO.NET's shape.
    public new SqliteParameter CreateParameter() => new();
#pragma warning restore CA1822

    /// <inheritdoc/>
    protected override DbParameter CreateDbParameter() => CreateParameter();

    /// <summary>Runs the statement.</summary>
    /// <param name="behavior">What the reader is for.</param>
    /// <exception cref="SqliteException">SQLite refuses it, or <see cref="CommandTimeout"/> passed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The connection is closed or in use by another thread, a reader of this command is open, its transaction is not
    /// the connection's, or it writes on a reader lease.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The lease has gone back.</exception>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
        ExecuteDbDataReader(behavior, CancellationToken.None);

    private SqlitePoolDataReader ExecuteDbDataReader(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        StatementCursor cursor = Begin();
        try
        {
            cursor.Run(Operation.Reader, cancellationToken);
            return OpenReader(cursor, behavior);
        }
        finally
        {
            _execution.EndUnlessReading(cursor);
        }
    }

    /// <inheritdoc cref="ExecuteDbDataReader(CommandBehavior)"/>
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(
        CommandBehavior behavior,
        CancellationToken cancellationToken
    )
    {
        StatementCursor cursor = Begin();
        try
        {
            await cursor.RunAsync(Operation.Reader, cancellationToken).ConfigureAwait(false);
            return OpenReader(cursor, behavior);
        }
        finally
        {
            _execution.EndUnlessReading(cursor);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                _execution.CloseReader();
            }
            finally
            {
                if (ComponentEvents.MayHaveSubscribers(this))
                {
                    base.Dispose(disposing);
                }
            }
        }
    }

    /// <summary>
    /// True when its caller has no lease, so that it has no use for a write that is begun and not awaited.
    /// </summary>
    internal bool IsWhole { get; set; }

    private T Execute<T>(
        Operation operation,
        Func<StatementCursor, T> result,
        CancellationToken cancellationToken = default
    )
    {
        StatementCursor cursor = Begin();
        try
        {
            cursor.Run(operation, cancellationToken);
            return result(cursor);
        }
        finally
        {
            _execution.EndUnlessReading(cursor);
        }
    }

    private Task<T> ExecuteAsync<T>(
        Operation operation,
        Func<StatementCursor, T> result,
        CancellationToken cancellationToken
    )
    {
        StatementCursor cursor;
        try
        {
            cursor = Begin();
        }
        catch (InvalidOperationException e)
        {
            // An asynchronous method throws through its task.
            return Task.FromException<T>(e);
        }

        ValueTask run = cursor.RunAsync(operation, cancellationToken);
        if (!run.IsCompletedSuccessfully)
        {
            return Awaited(run, cursor, result);
        }

        T answer = result(cursor);
        _execution.EndUnlessReading(cursor);
        return Task.FromResult(answer);
    }

    private async Task<T> Awaited<T>(ValueTask run, StatementCursor cursor, Func<StatementCursor, T> result)
    {
        try
        {
            await run.ConfigureAwait(false);
            return result(cursor);
        }
        finally
        {
            _execution.EndUnlessReading(cursor);
        }
    }

    private StatementCursor Begin()
    {
        SqlitePoolConnection connection = OpenConnection();
        _execution.ThrowIfReaderIsOpen("command");
        StatementCursor cursor = StatementCursor.For(connection, _text, _parameters, CommandTimeout, Transaction);
        cursor.IsWhole = IsWhole;
        _execution.Begin(cursor);
        return cursor;
    }

    private SqlitePoolDataReader OpenReader(StatementCursor cursor, CommandBehavior behavior)
    {
        _execution.BeginReading();
        return new SqlitePoolDataReader(cursor, OpenConnection(), behavior);
    }

    private SqlitePoolConnection OpenConnection() =>
        _connection ?? throw new InvalidOperationException("The command has no connection. Set its Connection first.");
}
