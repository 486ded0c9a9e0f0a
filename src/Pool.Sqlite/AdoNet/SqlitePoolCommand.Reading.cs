using System.Data;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite;

/// <content>What the reader asks of its command.</content>
public sealed partial class SqlitePoolCommand
{
    /// <summary>The reader is closed through its wrapper.</summary>
    internal void FinishReader(SqliteDataReader reader)
    {
        if (_open?.Reader == reader)
        {
            FinishReader();
        }

        reader.Dispose();
    }

    private void FinishReader()
    {
        // It is finished already when its lease went back.
        if (_open is not { IsFinished: false } open || _connection is not { State: ConnectionState.Open } connection)
        {
            _open = null;
            return;
        }

        bool outermost = connection.Enter();
        CommitTicket commit = default;
        try
        {
            connection.Physical.Finish(open);
            commit = connection.Physical.TakeCommit();
            _open = null;
            _execution = 0;
            if (open.End is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            {
                throw NotStored(open.End);
            }
        }
        finally
        {
            connection.Exit(outermost);
        }

        commit.Wait(async: false).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>A step of the reader that the token can stop.</summary>
    internal Task<bool> Step(
        SqliteDataReader reader, Func<SqliteDataReader, bool> step, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<bool>(cancellationToken);
        }

        CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static command => ((SqlitePoolCommand)command!).Cancel(), this);
        try
        {
            return Task.FromResult(Step(reader, step));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<bool>(cancellationToken);
        }
#pragma warning disable CA1031 // An asynchronous method throws through its task.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Task.FromException<bool>(e);
        }
        finally
        {
            registration.Dispose();
        }
    }

    /// <summary>A step of the reader; stopped by <see cref="Cancel"/>.</summary>
    internal bool Step(SqliteDataReader reader, Func<SqliteDataReader, bool> step)
    {
        SqlitePoolConnection connection = OpenConnection();

        // Of a lease that went back only the reader is left, and that is closed.
        if (connection.State == ConnectionState.Closed)
        {
            return step(reader);
        }

        bool outermost = connection.Enter();
        long was = _stop!.Resume(_execution);
        try
        {
            return step(reader);
        }
        catch (SqliteException e)
        {
            if (_open is { } open)
            {
                open.HasFailed = true;
            }

            if (WasStopped(e))
            {
                throw Stopped(e, CancellationToken.None);
            }

            throw;
        }
        finally
        {
            _stop.Resume(was);
            connection.Exit(outermost);
        }
    }

    private static SqliteException NotStored(int result) => new(
        "Closing the reader was to end its statement, which has written, and SQLite refused: "
        + $"{raw.sqlite3_errstr(result).utf8_to_string()}. Nothing of it is stored.",
        result);
}
