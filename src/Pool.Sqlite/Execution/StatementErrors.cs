using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>The errors of a run that SQLite's own words would not explain.</summary>
internal static class StatementErrors
{
    private const int LongestText = 120;

    /// <summary>A connection outside this pool, or a reader of it, did not let go in time.</summary>
    public static SqliteException LockTimeout(PhysicalConnection physical, TimeSpan waited)
    {
        // What the last try met; SQLITE_LOCKED where connections share a cache.
        bool isTable = (raw.sqlite3_errcode(physical.Handle) & 0xff) == raw.SQLITE_LOCKED;
        return new SqliteException(
            $"The {(isTable ? "table" : "database")} is locked: another process, a connection outside this pool, or one of its own that "
                + $"still reads held the lock that the statement needs for {MessageFormat.Time(waited)} (BusyTimeout, CommandTimeout).",
            isTable ? raw.SQLITE_LOCKED : raw.SQLITE_BUSY,
            isTable ? raw.SQLITE_LOCKED_SHAREDCACHE : raw.SQLITE_BUSY
        );
    }

    /// <summary>The last of several tries; its own message knows only how long that one waited.</summary>
    public static SqliteException AfterTries(Exception last, int tries, TimeSpan time)
    {
        SqliteException busy = (SqliteException)last;
        return new SqliteException(
            $"Nothing could be written in {tries} tries within {MessageFormat.Time(time)}. {busy.Message}",
            busy.SqliteErrorCode,
            busy.SqliteExtendedErrorCode
        );
    }

    /// <summary>SQLITE_BUSY_SNAPSHOT.</summary>
    public static SqliteException SnapshotIsOld(PhysicalConnection physical)
    {
        string advice =
            physical.IsInTransaction || physical.OpenStatements.Reading is not { } reading
                ? "The transaction began by reading, and somebody else has written since: SQLite cannot let it write on what is no "
                    + "longer true (SQLITE_BUSY_SNAPSHOT). Repeating the statement does not help. Roll back and run the whole "
                    + "transaction again, or begin it with BeginTransaction(), which is BEGIN IMMEDIATE; WriteAsync does both."
                : $"A reader of this connection is still open ('{Shortened(reading.Text.Sql)}'), and reads from before somebody else's "
                    + "write: SQLite cannot let the connection write on what is no longer true (SQLITE_BUSY_SNAPSHOT). Waiting does "
                    + "not help. Read to its end or close that reader first, or write on another connection.";
        return new SqliteException(advice, raw.SQLITE_BUSY, raw.SQLITE_BUSY_SNAPSHOT);
    }

    public static SqliteException TookTooLong(SqliteException? failure, int seconds) =>
        new(
            $"The statement was stopped because it ran for longer than CommandTimeout, {seconds} s.",
            raw.SQLITE_INTERRUPT,
            failure?.SqliteExtendedErrorCode ?? raw.SQLITE_INTERRUPT
        );

    public static OperationCanceledException Cancelled(SqliteException? failure, CancellationToken cancellationToken) =>
        new("The statement was cancelled.", failure, cancellationToken);

    /// <summary>A call on what ran on a lease that has gone back since.</summary>
    public static InvalidOperationException LeaseIsGone() =>
        new("The lease that this ran on has gone back to the pool.");

    private static string Shortened(string sql) => sql.Length <= LongestText ? sql : $"{sql[..LongestText]}…";

    /// <summary>A write did not get its turn in time.</summary>
    public static SqliteException GateTimeout(string pool, WriteGate gate, TimeSpan waited) =>
        new(
            $"Pool '{pool}': the right to write was not free within {MessageFormat.Seconds(waited)} (BusyTimeout, CommandTimeout): "
                + (
                    gate.Holder is { } holder
                        ? $"a transaction or a writer lease of this process holds it ({holder}), "
                        : "another statement of this process runs with it, "
                )
                + $"{gate.Waiting} others wait for it. Code that holds it must not wait for something that itself waits to write. Keep "
                + "transactions short; await nothing slow inside them.",
            raw.SQLITE_BUSY
        );
}
