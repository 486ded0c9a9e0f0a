using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>What a write has to wait for.</summary>
internal enum WriteBlocker
{
    None,

    /// <summary>Another connection of this process writes.</summary>
    Gate,

    /// <summary>The same; and this is so short that who leaves the gate may run it: see <see cref="WriteGate"/>.</summary>
    GateForCombinedWrite,

    /// <summary>Another process, or a connection that is not the pool's, holds SQLite's lock.</summary>
    Lock,
}

/// <summary>
/// The waiting of one write under one deadline: in turn at the gate, then for SQLite's lock by asking about every
/// millisecond. SQLite's own waiting blocks the thread.
/// </summary>
internal readonly struct WriteWait(SqlitePoolConnection connection, int commandTimeout)
{
    /// <summary>How often SQLite is asked for its lock.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    private readonly Deadline _deadline = new(TimeProvider.System, Limit(connection, commandTimeout));

    /// <summary>
    /// Takes SQLite's write lock and lets it go: what follows is left to the driver, which would sleep if it met one.
    /// </summary>
    /// <returns>False when somebody else has it.</returns>
    public static bool TryProbeWriteLock(PhysicalConnection physical)
    {
        try
        {
            if (!TryBegin(physical))
            {
                return false;
            }

            physical.Step("ROLLBACK");
        }
        catch (SqliteException)
        {
            // It cannot be had at all (a read-only file). Not every statement that is not read-only needs it: let it try.
        }

        return true;
    }

    /// <summary><c>BEGIN IMMEDIATE</c>, without SQLite's own waiting.</summary>
    /// <returns>False when somebody else has the write lock.</returns>
    /// <exception cref="SqliteException">It cannot be had at all.</exception>
    public static bool TryBegin(PhysicalConnection physical) => TryWithoutWaiting(physical, "BEGIN IMMEDIATE");

    /// <summary><c>COMMIT</c>, which other connections' readers can hold up where there is no WAL.</summary>
    /// <inheritdoc cref="TryBegin"/>
    public static bool TryCommit(PhysicalConnection physical) => TryWithoutWaiting(physical, "COMMIT");

    /// <summary>
    /// Takes SQLite's write lock inside a transaction that may not have it yet, by the one statement that needs it and
    /// writes nothing (in a database with incremental vacuum: gives one free page back).
    /// </summary>
    /// <inheritdoc cref="TryBegin"/>
    public static bool TryUpgrade(PhysicalConnection physical) => TryWithoutWaiting(physical, "PRAGMA incremental_vacuum(1)");

    private static bool TryWithoutWaiting(PhysicalConnection physical, string sql)
    {
        raw.sqlite3_busy_timeout(physical.Handle, 0);
        try
        {
            return physical.TryStep(sql);
        }
        finally
        {
            raw.sqlite3_busy_timeout(physical.Handle, physical.BusyTimeoutMilliseconds);
        }
    }

    /// <summary>Somebody outside the pool did not let go in time.</summary>
    /// <param name="waited">How long it was waited for.</param>
    /// <param name="what">A COMMIT without a WAL waits for readers as well.</param>
    public static SqliteException LockTimeout(TimeSpan waited, string what = "the write lock") => new(
        $"The database is locked: another process, or a connection outside this pool, held {what} for "
        + $"{MessageFormat.Time(waited)} (BusyTimeout, CommandTimeout).",
        raw.SQLITE_BUSY);

    /// <summary>A write did not get its turn in time.</summary>
    public static SqliteException GateTimeout(string pool, WriteGate gate, TimeSpan waited) => new(
        $"Pool '{pool}': the right to write was not free within {MessageFormat.Seconds(waited)} (BusyTimeout, CommandTimeout): "
        + (gate.Holder is { } holder ? $"a transaction or a writer lease of this process holds it ({holder}), "
            : "another statement of this process runs with it, ")
        + $"{gate.Waiting} others wait for it. Code that holds it must not wait for something that itself waits to write. Keep transactions short; await nothing slow inside them.",
        raw.SQLITE_BUSY);

    public static SqliteException SnapshotIsOld() => new(
        "The transaction began by reading, and somebody else has written since: SQLite cannot let it write on what is no "
        + "longer true (SQLITE_BUSY_SNAPSHOT). Repeating the statement does not help. Roll back and run the whole transaction "
        + "again, or begin it with BeginTransaction(), which is BEGIN IMMEDIATE; WriteAsync does both.",
        raw.SQLITE_BUSY,
        raw.SQLITE_BUSY_SNAPSHOT);

    /// <summary>Takes the gate over from who let this connection in.</summary>
    /// <exception cref="ObjectDisposedException">The lease went back meanwhile.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    public static void TakeOver(SqlitePoolConnection connection, WriteGate gate)
    {
        bool outermost;
        try
        {
            outermost = connection.Enter();
        }
        catch
        {
            gate.Exit();
            throw;
        }

        // Closed meanwhile, and opened again on another database: the gate of this one is not for what follows.
        bool isSame = connection.Physical.Gate == gate;
        connection.Physical.HoldsGate |= isSame;
        connection.Exit(outermost);
        if (!isSame)
        {
            gate.Exit();
            throw new InvalidOperationException(
                "The connection was closed and opened again while a call on it waited for the write gate. Await each operation "
                + "before the next one.");
        }
    }

    /// <summary>Waits, and leaves the gate in this connection's hands, unless the combinedWrite was run meanwhile.</summary>
    /// <returns>True when the combinedWrite was run.</returns>
    /// <exception cref="SqliteException">The deadline passed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<bool> For(
        WriteBlocker blocker, Action? combinedWrite, bool async, CancellationToken cancellationToken)
    {
        if (blocker == WriteBlocker.Lock)
        {
            await ForLock(async, cancellationToken).ConfigureAwait(false);
            return false;
        }

        WriteGate gate = connection.Physical.Gate;
        WaitOutcome outcome;
        using (connection.BeginGateWait())
        {
            outcome = await gate.Enter(combinedWrite, async, _deadline.Remaining, cancellationToken).ConfigureAwait(false);
        }

        switch (outcome)
        {
            case WaitOutcome.Served:
                return true;
            case WaitOutcome.Granted:
                TakeOver(connection, gate);
                return false;
            default:
                throw connection.GateTimeout(_deadline.Elapsed);
        }
    }

    private async ValueTask ForLock(bool async, CancellationToken cancellationToken)
    {
        try
        {
            if (!_deadline.Allows(TimeSpan.Zero))
            {
                throw LockTimeout(_deadline.Elapsed);
            }

            if (async)
            {
                await Task.Delay(PollInterval, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                Thread.Sleep(PollInterval);
            }
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    private void GiveUp()
    {
        bool outermost = connection.Enter();
        connection.Physical.ReleaseGateIfDone();
        connection.Exit(outermost);
    }

    private static TimeSpan Limit(SqlitePoolConnection connection, int commandTimeout)
    {
        TimeSpan busy = connection.BusyTimeout;
        TimeSpan command = TimeSpan.FromSeconds(commandTimeout);
        return commandTimeout == 0 || busy < command ? busy : command;
    }
}
