using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.WriteQueue;

/// <summary>What an item came to.</summary>
internal enum ItemOutcome
{
    Done,

    /// <summary>It threw, and its changes are undone.</summary>
    Failed,

    /// <summary>The transaction did not survive it: what ran before it in the batch is undone as well.</summary>
    TransactionLost,
}

/// <summary>
/// Runs items on the writer connection, each in its savepoint. Used by the loop of one queue, one at a time.
/// </summary>
internal sealed class WriteItemExecutor(IWriterSource pool)
{
    private const string Save = "SAVEPOINT pool_item";
    private const string Release = "RELEASE pool_item";
    private const string Undo = "ROLLBACK TO pool_item";

    private PoolEntry<PhysicalConnection>? _writer;
    private int _thread;
    private bool _isLost;

    // For statements, which no function of the caller gets to see: one lease a batch and one command for the same text.
    private SqlitePoolConnection? _own;
    private SqlitePoolCommand? _command;
    private SqliteParameter[] _parameters = [];

    /// <summary>True on the thread that runs an item at this moment, inside that item.</summary>
    public bool IsInsideItem => Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId;

    public void Attach(PoolEntry<PhysicalConnection> writer) => _writer = writer;

    public void Detach()
    {
        _own?.EndItem();
        _own = null;
        _writer = null;
    }

    /// <summary>Runs an item. Never throws because of the item.</summary>
    /// <param name="item">What to run.</param>
    /// <param name="alone">True when the whole transaction is the item's, so that it needs no savepoint.</param>
    /// <param name="failure">Why it failed.</param>
    public ItemOutcome Run(WriteItem item, bool alone, out Exception? failure)
    {
        PhysicalConnection physical = _writer!.Value;
        bool isNested = physical.SharedTransaction.Guard(false);
        int readers = physical.OpenStatements.Count;
        _isLost &= isNested;
        failure = null;
        try
        {
            if (isNested && !physical.IsInTransaction)
            {
                // A savepoint would now begin a transaction of its own.
                return Lost(ref failure, SharedTransaction.IsLost());
            }

            if (!alone)
            {
                physical.Step(Save);
            }

            failure = Call(item, physical);
            if (!physical.SharedTransaction.TryEndItem(readers, isNested) || _isLost)
            {
                return Lost(
                    ref failure,
                    physical.IsClosedByCaller ? DriverAccess.ClosedByCaller() : EndedTransaction()
                );
            }

            if (!alone)
            {
                if (failure is not null)
                {
                    physical.Step(Undo);
                }

                physical.Step(Release);
            }

            return failure is null ? ItemOutcome.Done : ItemOutcome.Failed;
        }
        catch (SqliteException e)
        {
            return Lost(ref failure, e);
        }
        finally
        {
            physical.SharedTransaction.Guard(isNested);
        }
    }

    /// <summary>Runs an item that was enqueued inside the one that is running, as a part of that.</summary>
    public void RunInline(WriteItem item)
    {
        item.IsNested = true;
        if (!item.TryBegin())
        {
            return;
        }

        if (Run(item, alone: false, out Exception? failure) == ItemOutcome.Done)
        {
            item.Succeed();
        }
        else
        {
            item.Fail(failure!);
        }
    }

    /// <summary>For the item that is running: gives its function a lease that ends with it.</summary>
    public T Call<T>(Func<SqlitePoolConnection, T> work) => Call(work, static (work, connection) => work(connection));

    /// <inheritdoc cref="Call{T}(Func{SqlitePoolConnection, T})"/>
    public bool Call(Action<SqlitePoolConnection> work) =>
        Call(
            work,
            static (work, connection) =>
            {
                work(connection);
                return true;
            }
        );

    private T Call<TWork, T>(TWork work, Func<TWork, SqlitePoolConnection, T> call)
    {
        SqlitePoolConnection lease = pool.LendToItem(_writer!);
        bool ended = false;
        try
        {
            T result = call(work, lease);
            ended = true;
            return lease.EndItem() ? result : throw StillInUse();
        }
        finally
        {
            if (!ended)
            {
                lease.EndItem();
            }
        }
    }

    /// <summary>For the item that is running: executes its statement.</summary>
    public int Execute(string sql, IReadOnlyList<object?> values, CancellationToken cancellationToken)
    {
        SqlitePoolCommand command = Prepare(sql);
        if (values is SqliteParameter[] parameters)
        {
            return Execute(command, parameters, cancellationToken);
        }

        if (values.Count != _parameters.Length)
        {
            throw new ArgumentException(
                StatementValues.CountDiffers([.. _parameters.Select(static each => each.ParameterName)], values),
                nameof(values)
            );
        }

        for (int i = 0; i < _parameters.Length; i++)
        {
            _parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command.ExecuteNonQuery(cancellationToken);
    }

    // With parameters of the caller's, in place of those that the next item finds.
    private int Execute(SqlitePoolCommand command, SqliteParameter[] parameters, CancellationToken cancellationToken)
    {
        command.Parameters.Clear();
        try
        {
            command.Parameters.AddRange(parameters);
            return command.ExecuteNonQuery(cancellationToken);
        }
        finally
        {
            command.Parameters.Clear();
            command.Parameters.AddRange(_parameters);
        }
    }

    private Exception? Call(WriteItem item, PhysicalConnection physical)
    {
        int outer = _thread;
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        physical.SharedTransaction.Guard(true);
        try
        {
            UserCallback.Run(
                static call =>
                {
                    call.Item.Run(call.Runner);
                    return true;
                },
                (Item: item, Runner: this)
            );
            return null;
        }
        // It is the caller's, and is told to the caller.
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            physical.SharedTransaction.Guard(false);
            Volatile.Write(ref _thread, outer);
        }
    }

    private SqlitePoolCommand Prepare(string sql)
    {
        _own ??= pool.LendToItem(_writer!);
        if (_command?.CommandText == sql)
        {
            _command.Connection = _own;
            return _command;
        }

        _command = null;
        SqlitePoolCommand command = _own.CreateCommand(sql);
        _parameters = command.DeriveParameters();
        return _command = command;
    }

    private ItemOutcome Lost(ref Exception? failure, Exception otherwise)
    {
        _isLost = true;
        failure ??= otherwise;
        return ItemOutcome.TransactionLost;
    }

    private static InvalidOperationException EndedTransaction() =>
        new(
            "The item ended the transaction that it shares with others, or left a statement of the driver's connection running. "
                + "Nothing of it is stored."
        );

    private static InvalidOperationException StillInUse() =>
        new(
            "Another thread was still using the connection when the item returned. Do all of an item's work before it returns, on "
                + "the thread that calls it. Nothing of it is stored."
        );
}
