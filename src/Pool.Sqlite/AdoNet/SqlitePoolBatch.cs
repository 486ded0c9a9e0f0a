using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>
/// Several commands that run as one. Outside a transaction they are one: the write gate is entered once, all of them
/// are stored, or none when one fails.
/// </summary>
public sealed class SqlitePoolBatch : DbBatch
{
    private readonly SqlitePoolBatchCommandCollection _commands = new();
    private SqlitePoolConnection? _connection;
    private CurrentExecution _execution;
    private readonly bool _ownsConnection;
    private int _timeout = -1;

    /// <summary>A batch without a connection.</summary>
    public SqlitePoolBatch() { }

    internal SqlitePoolBatch(
        SqlitePoolConnection connection,
        SqlitePoolTransaction? transaction,
        bool ownsConnection = false
    )
    {
        _connection = connection;
        _ownsConnection = ownsConnection;
        Transaction = transaction;
    }

    /// <summary>The connection that it runs on.</summary>
    /// <exception cref="InvalidOperationException">A reader of this batch is open.</exception>
    public new SqlitePoolConnection? Connection
    {
        get => _connection;
        set
        {
            _execution.ThrowIfReaderIsOpen("batch");
            _connection = value;
        }
    }

    /// <summary>The transaction that it runs in; it must be the one its connection is in.</summary>
    public new SqlitePoolTransaction? Transaction { get; set; }

    /// <summary>
    /// In seconds, for the whole batch. Default: the connection string's <c>Default Timeout</c>; 0 for no limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public override int Timeout
    {
        get => _timeout >= 0 ? _timeout : _connection?.DefaultTimeout ?? 30;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _timeout = value;
        }
    }

    /// <inheritdoc/>
    protected override DbBatchCommandCollection DbBatchCommands => _commands;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => _connection;
        set => Connection = PooledParts.Connection(value, nameof(SqlitePoolBatch));
    }

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = PooledParts.Transaction(value, nameof(SqlitePoolBatch));
    }

    /// <summary>Stops the batch if it is running, also from another thread; nothing of it is stored then.</summary>
    public override void Cancel() => _execution.Cancel();

    /// <summary>
    /// Runs all commands; answers how many rows they changed, or -1 when none of them can change any.
    /// </summary>
    /// <exception cref="SqliteException">SQLite refuses one; outside a transaction nothing is stored then.</exception>
    /// <exception cref="InvalidOperationException">
    /// The connection is closed or in use, or its transaction is not the batch's.
    /// </exception>
    public override int ExecuteNonQuery() =>
        Blocking.Result(
            Execute(Operation.NonQuery, static cursor => cursor.RecordsAffected, async: false, CancellationToken.None)
        );

    /// <inheritdoc cref="ExecuteNonQuery"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken = default) =>
        Execute(Operation.NonQuery, static cursor => cursor.RecordsAffected, async: true, cancellationToken).AsTask();

    /// <summary>Runs all commands; answers the first column of the first row, or null when there is none.</summary>
    /// <inheritdoc cref="ExecuteNonQuery"/>
    public override object? ExecuteScalar() =>
        Blocking.Result(Execute(Operation.Scalar, static cursor => cursor.Value, async: false, CancellationToken.None));

    /// <inheritdoc cref="ExecuteScalar"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken = default) =>
        Execute(Operation.Scalar, static cursor => cursor.Value, async: true, cancellationToken).AsTask();

    /// <summary>Prepares the commands, so that an error in one shows now.</summary>
    /// <exception cref="SqliteException">SQLite cannot prepare one.</exception>
    public override void Prepare()
    {
        foreach (DbBatchCommand command in _commands)
        {
            using SqlitePoolCommand prepared = OpenConnection().CreateCommand(command.CommandText);
            prepared.Prepare();
        }
    }

    /// <inheritdoc cref="Prepare"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public override async Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Prepare();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        try
        {
            _execution.CloseReader();
        }
        finally
        {
            if (_ownsConnection)
            {
                _connection?.Dispose();
            }
        }

        base.Dispose();
    }

    /// <inheritdoc/>
    protected override DbBatchCommand CreateDbBatchCommand() => new SqlitePoolBatchCommand();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
        Blocking.Result(ExecuteReader(behavior, async: false, CancellationToken.None));

    /// <inheritdoc/>
    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(
        CommandBehavior behavior,
        CancellationToken cancellationToken
    ) => ExecuteReader(behavior, async: true, cancellationToken).AsTask();

    private ValueTask<DbDataReader> ExecuteReader(
        CommandBehavior behavior,
        bool async,
        CancellationToken cancellationToken
    ) => Execute<DbDataReader>(Operation.Reader, cursor => OpenReader(cursor, behavior), async, cancellationToken);

    private SqlitePoolDataReader OpenReader(StatementCursor cursor, CommandBehavior behavior)
    {
        _execution.BeginReading();
        return new SqlitePoolDataReader(
            cursor,
            OpenConnection(),
            _ownsConnection ? behavior | CommandBehavior.CloseConnection : behavior
        );
    }

    private async ValueTask<T> Execute<T>(
        Operation operation,
        Func<StatementCursor, T> result,
        bool async,
        CancellationToken cancellationToken
    )
    {
        SqlitePoolConnection connection = OpenConnection();
        _execution.ThrowIfReaderIsOpen("batch");
        bool isKept = false;
        try
        {
            if (_ownsConnection && async)
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (_ownsConnection)
            {
                connection.Open();
            }

            T answer = await Run(connection, operation, result, async, cancellationToken).ConfigureAwait(false);
            isKept = operation == Operation.Reader;
            return answer;
        }
        finally
        {
            // A reader closes it.
            if (_ownsConnection && !isKept)
            {
                connection.Close();
            }
        }
    }

    private async ValueTask<T> Run<T>(
        SqlitePoolConnection connection,
        Operation operation,
        Func<StatementCursor, T> result,
        bool async,
        CancellationToken cancellationToken
    )
    {
        BatchText[] texts =
        [
            .. _commands
                .Cast<SqlitePoolBatchCommand>()
                .Select(static command => new BatchText(
                    command.CommandText,
                    command.ParametersOrNull,
                    command.NoteChanges
                )),
        ];
        StatementCursor cursor = StatementCursor.For(connection, Surrounded(connection, texts), Timeout, Transaction);
        _execution.Begin(cursor);
        try
        {
            if (async)
            {
                await cursor.RunAsync(operation, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                cursor.Run(operation, cancellationToken);
            }

            return result(cursor);
        }
        finally
        {
            _execution.EndUnlessReading(cursor);
        }
    }

    // In a transaction, and on a reader lease, which is one, the commands are a part of that.
    private static BatchText[] Surrounded(SqlitePoolConnection connection, BatchText[] texts)
    {
        bool outermost = connection.Enter();
        try
        {
            PhysicalConnection physical = connection.Physical;
            return physical.IsInTransaction || connection.Role == SqlitePoolConnectionRole.Reader || texts.Length == 0
                ? texts
                :
                [
                    BatchText.Own(IsKnownToRead(physical, texts) ? "BEGIN" : "BEGIN IMMEDIATE"),
                    .. texts,
                    BatchText.Own("COMMIT"),
                ];
        }
        finally
        {
            connection.Exit(outermost);
        }
    }

    // What cannot be prepared yet may need what the commands before it make.
    private static bool IsKnownToRead(PhysicalConnection physical, BatchText[] texts)
    {
        foreach (BatchText text in texts)
        {
            PreparedText prepared = physical.Statements.Take(text.Sql, isCommand: false);
            try
            {
                for (int i = 0; ; i++)
                {
                    if (
                        physical.TryGet(prepared, i, out Statement? statement) != SQLitePCL.raw.SQLITE_OK
                        || statement is { NeedsGate: true }
                    )
                    {
                        return false;
                    }

                    if (statement is null)
                    {
                        break;
                    }
                }
            }
            finally
            {
                physical.Statements.PutBack(prepared);
            }
        }

        return true;
    }

    private SqlitePoolConnection OpenConnection() =>
        _connection ?? throw new InvalidOperationException("The batch has no connection. Set its Connection first.");
}
