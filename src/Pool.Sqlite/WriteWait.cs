using Microsoft.Data.Sqlite;
using Pool.Sqlite.Connections;
using Pool.Sqlite.Leasing;
using SQLitePCL;

namespace Pool.Sqlite;

/// <summary>What a write has to wait for.</summary>
internal enum Obstacle
{
    None,

    /// <summary>Another connection of this process writes.</summary>
    Gate,

    /// <summary>Another process, or a connection that is not the pool's, holds SQLite's lock.</summary>
    Lock,
}

/// <summary>
/// The waiting of one write under one deadline: in turn at the gate, then for SQLite's lock by asking about every
/// millisecond. SQLite's own waiting blocks the thread, and in some builds sleeps whole seconds.
/// </summary>
internal readonly struct WriteWait(PooledConnection connection, int commandTimeout)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    private readonly Deadline _deadline = new(TimeProvider.System, Limit(connection, commandTimeout));

    /// <summary>
    /// Takes SQLite's write lock and lets it go: what follows is left to the driver, which would sleep if it met one.
    /// </summary>
    /// <returns>False when somebody else has it.</returns>
    public static bool TryKnock(PhysicalConnection physical)
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

    public static SqliteException SnapshotIsOld() => new(
        "The transaction began by reading, and somebody else has written since: SQLite cannot let it write on what is no "
        + "longer true (SQLITE_BUSY_SNAPSHOT). Repeating the statement does not help. Roll back and run the whole transaction "
        + "again, or begin it with BeginTransaction(), which is BEGIN IMMEDIATE; WriteAsync does both.",
        raw.SQLITE_BUSY,
        raw.SQLITE_BUSY_SNAPSHOT);

    /// <summary>Waits, and leaves the gate in this connection's hands.</summary>
    /// <exception cref="SqliteException">The deadline passed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask For(Obstacle obstacle, bool async, CancellationToken cancellationToken)
    {
        if (obstacle == Obstacle.Gate)
        {
            await EnterGate(async, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            if (!_deadline.Allows(TimeSpan.Zero))
            {
                throw new SqliteException(
                    $"The database is locked: another process, or a connection outside this pool, held the write lock for "
                    + $"{_deadline.Elapsed.TotalSeconds:0.#} s (BusyTimeout, CommandTimeout).",
                    raw.SQLITE_BUSY);
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

    private async ValueTask EnterGate(bool async, CancellationToken cancellationToken)
    {
        Writing.WriteGate gate = connection.Physical.Gate;
        using (connection.BeginGateWait())
        {
            if (!await gate.Enter(async, _deadline.Remaining, cancellationToken).ConfigureAwait(false))
            {
                throw connection.GateTimeout(_deadline.Elapsed);
            }
        }

        bool outermost;
        try
        {
            outermost = connection.Enter();
        }
        catch
        {
            // The lease went back meanwhile, or another thread uses it.
            gate.Exit();
            throw;
        }

        connection.Physical.HoldsGate = true;
        connection.Exit(outermost);
    }

    private void GiveUp()
    {
        bool outermost = connection.Enter();
        connection.Physical.ReleaseGateIfDone();
        connection.Exit(outermost);
    }

    private static TimeSpan Limit(PooledConnection connection, int commandTimeout)
    {
        TimeSpan busy = connection.BusyTimeout;
        TimeSpan command = TimeSpan.FromSeconds(commandTimeout);
        return commandTimeout == 0 || busy < command ? busy : command;
    }
}
