using System.Data;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Execution;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.WriteQueue;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite;

/// <content>Running a statement that need not wait.</content>
public sealed partial class SqlitePoolCommand
{
    private static Outcome RunNative(PhysicalConnection physical, Statement statement, Execution kind)
    {
        sqlite3_stmt native = statement.Native!;
        bool writes = !statement.IsReadOnly;
        try
        {
            if (writes)
            {
                // Waiting for another process is done here, without blocking, not by SQLite's own sleeps.
                raw.sqlite3_busy_timeout(physical.Handle, 0);
            }

            int result = raw.sqlite3_step(native);
            object? value = kind == Execution.Scalar && result == raw.SQLITE_ROW ? ReadFirstColumn(native) : null;
            if (writes && result == raw.SQLITE_ROW)
            {
                // With RETURNING everything is written before the first row; foreign keys are checked, and it is committed, here.
                result = raw.sqlite3_reset(native);
            }

            if (physical.IsLocked(result))
            {
                return new Outcome(WriteBlocker.Lock);
            }

            physical.ThrowUnlessDone(result);
            return new Outcome(value, statement.HasColumns ? -1 : raw.sqlite3_changes(physical.Handle));
        }
        finally
        {
            _ = raw.sqlite3_reset(native);
            if (statement.ParameterNames.Length > 0)
            {
                _ = raw.sqlite3_clear_bindings(native);
            }

            if (writes)
            {
                raw.sqlite3_busy_timeout(physical.Handle, physical.BusyTimeoutMilliseconds);
            }
        }
    }

    private Outcome RunDriver(PhysicalConnection physical, Statement statement, Execution kind, CommandBehavior behavior)
    {
        bool writes = !statement.IsReadOnly;
        if (writes && !(physical.IsInTransaction ? WriteWait.TryUpgrade(physical) : WriteWait.TryProbeWriteLock(physical)))
        {
            return new Outcome(WriteBlocker.Lock);
        }

        SqliteCommand driver = statement.Driver;
        driver.CommandTimeout = CommandTimeout;
        SqliteParameterCollection values = driver.Parameters;
        for (int i = 0; i < (_parameters?.Count ?? 0); i++)
        {
            values.Add(_parameters![i]);
        }

        try
        {
            if (kind == Execution.Reader)
            {
                return OpenReader(physical, statement, behavior);
            }

            if (statement.ReturnsWhatItWrites)
            {
                // Its end, where it can meet a lock, is not one that the driver tries again.
                raw.sqlite3_busy_timeout(physical.Handle, 0);
            }

            Outcome outcome = kind == Execution.NonQuery
                ? new Outcome(null, driver.ExecuteNonQuery())
                : new Outcome(driver.ExecuteScalar(), -1);

            // While it disposes its reader the driver ends the statement, runs the rest of a batch, and swallows what goes wrong.
            int end = statement.ReturnsWhatItWrites ? raw.sqlite3_errcode(physical.Handle) : raw.SQLITE_OK;
            if (physical.IsLocked(end))
            {
                return new Outcome(WriteBlocker.Lock);
            }

            physical.ThrowUnlessDone(end);
            return !physical.Stop.HasHit(_execution)
                ? outcome
                : throw new SqliteException("The statement was interrupted.", raw.SQLITE_INTERRUPT);
        }
        finally
        {
            if (_open is null)
            {
                values.Clear();
            }

            if (statement.ReturnsWhatItWrites)
            {
                raw.sqlite3_busy_timeout(physical.Handle, physical.BusyTimeoutMilliseconds);
            }
        }
    }

    private Outcome OpenReader(PhysicalConnection physical, Statement statement, CommandBehavior behavior)
    {
        // The driver would close its own connection with the reader.
        CommandBehavior inner = behavior & ~CommandBehavior.CloseConnection;
        SqliteDataReader reader = statement.Driver.ExecuteReader(inner);
        _open = physical.AddReader(reader, statement, !statement.IsReadOnly);
        return new Outcome(new SqlitePoolDataReader(reader, this, closesConnection: behavior != inner), -1);
    }

    // As the driver's GetValue answers.
    private static object ReadFirstColumn(sqlite3_stmt statement) => raw.sqlite3_column_type(statement, 0) switch
    {
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(statement, 0),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(statement, 0),
        raw.SQLITE_TEXT => raw.sqlite3_column_text(statement, 0).utf8_to_string(),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(statement, 0).ToArray(),
        _ => DBNull.Value,
    };

    private bool WasStopped(SqliteException failure) =>
        failure.SqliteErrorCode == raw.SQLITE_INTERRUPT && _stop!.WasStopped(_execution);

    private Exception Stopped(SqliteException failure, CancellationToken cancellationToken)
    {
        if (WasStopped(failure))
        {
            return new OperationCanceledException("The statement was cancelled.", failure, cancellationToken);
        }

        return _stop!.TimedOut
            ? new SqliteException(
                $"The statement was stopped because it ran for longer than CommandTimeout, {CommandTimeout} s.",
                failure.SqliteErrorCode,
                failure.SqliteExtendedErrorCode)
            : failure;
    }

    private void CheckTransaction(PhysicalConnection physical)
    {
        SqlitePoolTransaction? current = _connection!.CurrentTransaction;
        if (current is not null && !physical.IsInTransaction)
        {
            throw SqlitePoolTransaction.Ended();
        }

        if (Transaction != current)
        {
            throw new InvalidOperationException(Transaction is null
                ? "The connection is in a transaction, and the command's Transaction is not set. Set it to that transaction."
                : "The command's Transaction is not the one its connection is in.");
        }
    }

    private static void RefuseInItem(PhysicalConnection physical, Statement statement)
    {
        if (statement.ControlsTransaction)
        {
            throw WriteItemExecutor.NoTransactionControl();
        }

        // It would be stored by itself, whatever becomes of the item.
        if (!physical.IsInTransaction)
        {
            throw TransactionIsLost();
        }
    }

    internal static InvalidOperationException TransactionIsLost() => new(
        "An earlier statement of this item made SQLite roll the transaction back (OR ROLLBACK, a full disk); nothing more of it "
        + "is run.");

    private static void RefuseOnReader(Statement statement)
    {
        if (!statement.IsReadOnly || statement.ControlsTransaction)
        {
            throw new InvalidOperationException(statement.ControlsTransaction
                ? "This is a reader lease, which is one read transaction from its first statement to its return: it can neither "
                    + "begin nor end one. Use RentAsync for transactions of your own."
                : "This is a reader lease, and the statement writes; it was not run. Use RentAsync, WriteAsync or ExecuteAsync "
                    + "to write.");
        }
    }
}
