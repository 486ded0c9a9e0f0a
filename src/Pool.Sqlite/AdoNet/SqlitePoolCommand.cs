using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>
/// SQL for a <see cref="SqlitePoolConnection"/>. Its statement is prepared once for each connection and text, and kept; what
/// writes queues at the write gate of the database; a cancelled token, <see cref="Cancel"/> and
/// <see cref="CommandTimeout"/> stop it while it runs.
/// </summary>
public sealed class SqlitePoolCommand : DbCommand
{
    private string _text = "";
    private ParameterList? _parameters;
    private SqlitePoolConnection? _connection;
    private int _timeout = -1;

    // The execution that is going on, or whose reader is open.
    private StatementCursor? _cursor;
    private long _generation;
    private bool _isReading;

    /// <summary>A command without a connection.</summary>
    public SqlitePoolCommand()
    {
    }

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
            ThrowIfReaderIsOpen();
            _text = value?.Contains('\0', StringComparison.Ordinal) != true
                ? value ?? ""
                : throw new ArgumentException("CommandText has a NUL character, at which SQL ends. Pass such a value as a parameter.");
        }
    }

    /// <summary>
    /// In seconds: how long a statement may wait for the right to write, and then run until its first row. Default: the
    /// connection string's <c>Default Timeout</c>, which is 30; 0 for no limit. Reading rows has no limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public override int CommandTimeout
    {
        get => _timeout >= 0 ? _timeout : _connection?.DefaultCommandTimeout ?? 30;
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
                ThrowIfReaderIsOpen();
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
        set => Connection = value switch
        {
            null => null,
            SqlitePoolConnection pooled => pooled,
            _ => throw new InvalidCastException(
                $"A SqlitePoolCommand runs on a SqlitePoolConnection, not on a {value.GetType().Name}."),
        };
    }

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => Parameters;

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = value switch
        {
            null => null,
            SqlitePoolTransaction pooled => pooled,
            _ => throw new InvalidCastException(
                $"A SqlitePoolCommand runs in a SqlitePoolTransaction, not in a {value.GetType().Name}."),
        };
    }

    /// <summary>
    /// Stops the statement if it is running, also from another thread: it then throws
    /// <see cref="OperationCanceledException"/>. It never touches a statement that runs later.
    /// </summary>
    public override void Cancel() => Volatile.Read(ref _cursor)?.Cancel(Volatile.Read(ref _generation));

    /// <summary>Prepares the statement, so that an error in it shows now.</summary>
    /// <exception cref="SqliteException">SQLite cannot prepare it.</exception>
    public override void Prepare()
    {
        SqlitePoolConnection connection = OpenConnection();
        bool outermost = connection.Enter();
        try
        {
            PhysicalConnection physical = connection.Physical;
            physical.IsTouched = true;
            PreparedText text = physical.Statements.Take(_text);
            try
            {
                PrepareAll(physical, text);
            }
            finally
            {
                physical.Statements.PutBack(text);
            }
        }
        finally
        {
            connection.Exit(outermost);
        }
    }

    /// <summary>Runs the statement; answers how many rows it changed, or -1 when it cannot change any.</summary>
    /// <inheritdoc cref="ExecuteDbDataReader"/>
    public override int ExecuteNonQuery()
    {
        StatementCursor cursor = Begin();
        try
        {
            cursor.Run(Operation.NonQuery);
            return cursor.RecordsAffected;
        }
        finally
        {
            End(cursor);
        }
    }

    /// <inheritdoc cref="ExecuteNonQuery"/>
    /// <exception cref="OperationCanceledException">The token was cancelled; the statement was stopped.</exception>
    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken)
    {
        if (!TryBegin<int>(out StatementCursor? cursor, out Task<int>? failed))
        {
            return failed;
        }

        ValueTask run = cursor.RunAsync(Operation.NonQuery, cancellationToken);
        if (!run.IsCompletedSuccessfully)
        {
            return Awaited(cursor, run);
        }

        int changes = cursor.RecordsAffected;
        End(cursor);
        return Task.FromResult(changes);

        async Task<int> Awaited(StatementCursor cursor, ValueTask run)
        {
            try
            {
                await run.ConfigureAwait(false);
                return cursor.RecordsAffected;
            }
            finally
            {
                End(cursor);
            }
        }
    }

    /// <summary>Runs the statement; answers the first column of its first row, or null when there is none.</summary>
    /// <inheritdoc cref="ExecuteDbDataReader"/>
    public override object? ExecuteScalar()
    {
        StatementCursor cursor = Begin();
        try
        {
            cursor.Run(Operation.Scalar);
            return cursor.Value;
        }
        finally
        {
            End(cursor);
        }
    }

    /// <inheritdoc cref="ExecuteScalar"/>
    /// <exception cref="OperationCanceledException">The token was cancelled; the statement was stopped.</exception>
    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken)
    {
        if (!TryBegin<object?>(out StatementCursor? cursor, out Task<object?>? failed))
        {
            return failed;
        }

        ValueTask run = cursor.RunAsync(Operation.Scalar, cancellationToken);
        if (!run.IsCompletedSuccessfully)
        {
            return Awaited(cursor, run);
        }

        object? value = cursor.Value;
        End(cursor);
        return Task.FromResult(value);

        async Task<object?> Awaited(StatementCursor cursor, ValueTask run)
        {
            try
            {
                await run.ConfigureAwait(false);
                return cursor.Value;
            }
            finally
            {
                End(cursor);
            }
        }
    }

    /// <summary>Adds a parameter for each that the statement has, without values.</summary>
    /// <exception cref="ArgumentException">There is not exactly one statement, or a parameter has no name.</exception>
    internal SqliteParameter[] DeriveParameters()
    {
        SqlitePoolConnection connection = OpenConnection();
        bool outermost = connection.Enter();
        try
        {
            connection.Physical.IsTouched = true;
            PhysicalConnection physical = connection.Physical;
            PreparedText text = physical.Statements.Take(_text);
            string?[] names;
            bool isOne;
            try
            {
                physical.ThrowUnlessDone(physical.TryGet(text, 0, out Statement? statement));
                names = statement?.ParameterNames ?? [];
                isOne = statement is not null && text.IsComplete;
            }
            finally
            {
                physical.Statements.PutBack(text);
            }

            SqliteParameter[] parameters = [.. names.Select(NamedParameter)];
            Parameters.AddRange(parameters);
            return isOne ? parameters : throw new ArgumentException("Write exactly one statement.");
        }
        finally
        {
            connection.Exit(outermost);
        }
    }

    private static SqliteParameter NamedParameter(string? name, int index) => new()
    {
        ParameterName = name
            ?? throw new ArgumentException($"Parameter {index + 1} of the statement has no name. Write ?{index + 1}, or a name such as $id."),
    };

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
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior)
    {
        StatementCursor cursor = Begin();
        try
        {
            cursor.Run(Operation.Reader);
            return OpenReader(cursor, behavior);
        }
        finally
        {
            EndUnlessReading(cursor);
        }
    }

    /// <inheritdoc cref="ExecuteDbDataReader"/>
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(
        CommandBehavior behavior, CancellationToken cancellationToken)
    {
        StatementCursor cursor = Begin();
        try
        {
            await cursor.RunAsync(Operation.Reader, cancellationToken).ConfigureAwait(false);
            return OpenReader(cursor, behavior);
        }
        finally
        {
            EndUnlessReading(cursor);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                CloseReader();
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

    /// <summary>True when its caller has no lease, so that it has no use for a write that is begun and not awaited.</summary>
    internal bool IsWhole { get; set; }

    private StatementCursor Begin()
    {
        SqlitePoolConnection connection = OpenConnection();
        ThrowIfReaderIsOpen();
        StatementCursor cursor = StatementCursor.For(connection, _text, _parameters, CommandTimeout, Transaction);
        cursor.IsWhole = IsWhole;
        Volatile.Write(ref _generation, cursor.Generation);
        Volatile.Write(ref _cursor, cursor);
        return cursor;
    }

    // An asynchronous method throws through its task.
    private bool TryBegin<T>([NotNullWhen(true)] out StatementCursor? cursor, [NotNullWhen(false)] out Task<T>? failed)
    {
        try
        {
            cursor = Begin();
            failed = null;
            return true;
        }
        catch (InvalidOperationException e)
        {
            cursor = null;
            failed = Task.FromException<T>(e);
            return false;
        }
    }

    private SqlitePoolDataReader OpenReader(StatementCursor cursor, CommandBehavior behavior)
    {
        _isReading = true;
        return new SqlitePoolDataReader(cursor, OpenConnection(), behavior);
    }

    private void EndUnlessReading(StatementCursor cursor)
    {
        if (!_isReading)
        {
            End(cursor);
        }
    }

    private void End(StatementCursor cursor)
    {
        Volatile.Write(ref _cursor, null);
        cursor.Recycle();
    }

    private void CloseReader()
    {
        if (_isReading)
        {
            _isReading = false;
            StatementCursor cursor = _cursor!;
            Volatile.Write(ref _cursor, null);
            cursor.Close();
        }
    }

    private static void PrepareAll(PhysicalConnection physical, PreparedText text)
    {
        Statement? statement;
        int index = 0;
        do
        {
            physical.ThrowUnlessDone(physical.TryGet(text, index++, out statement));
        }
        while (statement is not null);
    }

    private SqlitePoolConnection OpenConnection() => _connection
        ?? throw new InvalidOperationException("The command has no connection. Set its Connection first.");

    private void ThrowIfReaderIsOpen()
    {
        if (!_isReading)
        {
            return;
        }

        if (_cursor is { IsClosed: false })
        {
            throw new InvalidOperationException("A reader of this command is open. Close it first.");
        }

        _isReading = false;
        _cursor = null;
    }

    /// <summary>The driver's collection, whose constructor is for those who derive from it.</summary>
    private sealed class ParameterList : SqliteParameterCollection;
}
