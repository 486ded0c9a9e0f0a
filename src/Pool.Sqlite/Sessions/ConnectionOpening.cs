using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>Opens a connection and sets it up, step by step, so that an error says which step it was.</summary>
internal sealed class ConnectionOpening(
    DatabaseTarget target,
    IReadOnlyList<Pragma> pragmas,
    SqlitePoolOptions options,
    OpeningWait wait
)
{
    private string _step = "opening it";

    /// <param name="target">What to open.</param>
    /// <param name="pragmas">What to apply, in this order.</param>
    /// <param name="options">The pool's settings.</param>
    /// <param name="wait">How it waits for the locks of others.</param>
    /// <exception cref="SqliteException">
    /// The file cannot be opened, or a PRAGMA was refused or did not take.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited.</exception>
    public static PhysicalConnection Open(
        DatabaseTarget target,
        IReadOnlyList<Pragma> pragmas,
        SqlitePoolOptions options,
        OpeningWait wait
    ) => new ConnectionOpening(target, pragmas, options, wait).Open();

    private PhysicalConnection Open()
    {
        SqliteConnection driver = NativeEngine.Connect(target);
        PhysicalConnection? connection = null;
        try
        {
            CheckpointOnClose.OpenWithout(driver);
            driver.Handle!.enable_sqlite3_next_stmt(true);
            connection = new PhysicalConnection(driver, target, pragmas, options, wait);
            SetUp(connection);
            return connection;
        }
        catch (SqliteException e)
        {
            connection?.Close(last: false);
            driver.Dispose();
            throw new SqliteException(
                $"SQLite database '{target.DataSource}': {_step} failed. {e.Message}{OpenAdvice.For(e, target, _step)}",
                e.SqliteErrorCode,
                e.SqliteExtendedErrorCode
            );
        }
        catch
        {
            connection?.Close(last: false);
            driver.Dispose();
            throw;
        }
    }

    private void SetUp(PhysicalConnection connection)
    {
        if (options.Untrusted)
        {
            _step = "turning on defensive mode";
            Hardening.Apply(connection.Handle);
        }

        foreach (Pragma pragma in pragmas)
        {
            _step = $"applying {pragma.Set}";
            connection.Pragmas.Apply(pragma);
            connection.Pragmas.LimitNativeWait();
        }

        _step = "opening it for writing";
        ThrowIfOpenedReadOnly(connection);
        CheckpointOnClose.Allow(connection.Handle);
        connection.File.Guard = FileGuard.For(connection.Handle, target);
        _step = "calling the ConnectionOpened hook";
        if (options.ConnectionOpened is { } opened)
        {
            CallHook(opened, connection);
        }

        connection.Pragmas.TakeOverWaiting();
        if (Durability.IsGrouped(options, target) && connection.Pragmas.LeavesCommitsUnsynced)
        {
            connection.Writes.JoinGroupCommit(connection.FileName);
        }

        connection.Pragmas.Remember();
        connection.BeginAuthorizing();
    }

    private static void CallHook(Action<SqliteConnection> opened, PhysicalConnection connection)
    {
        connection.Access.HoldHandle();

        // What it reads is what the options say.
        _ = raw.sqlite3_busy_timeout(connection.Handle, connection.BusyTimeoutMilliseconds);
        ConnectionHook.Run(
            driver =>
            {
                opened(driver);
                return true;
            },
            connection,
            nameof(SqlitePoolOptions.ConnectionOpened)
        );
        connection.Pragmas.KeepAsTheHookLeftThem();
    }

    // Where the file cannot be opened for writing SQLite opens it for reading, without a word and for good.
    private static void ThrowIfOpenedReadOnly(PhysicalConnection connection)
    {
        if (!connection.IsReadOnly && raw.sqlite3_db_readonly(connection.Handle, "main") == 1)
        {
            throw new SqliteException(
                "This process may not write the file, or could not open it for writing at this moment, and SQLite has opened it "
                    + "for reading only. Give it the right to write the file, or write \"Mode=ReadOnly\" into the connection string.",
                raw.SQLITE_READONLY
            );
        }
    }
}
