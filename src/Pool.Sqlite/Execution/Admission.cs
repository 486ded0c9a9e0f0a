using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// Decides, by what SQLite says of a statement, whether its lease may run it and what it has to hold for that.
/// </summary>
internal static class Admission
{
    /// <exception cref="InvalidOperationException">The lease does not allow the statement.</exception>
    public static void Check(IStatementLease lease, Statement statement)
    {
        if (lease.Role == SqlitePoolConnectionRole.Reader && (!statement.IsReadOnly || statement.ControlsTransaction))
        {
            throw RefusedOnReader(statement);
        }

        if (!lease.IsForItem)
        {
            return;
        }

        if (statement.ControlsTransaction)
        {
            throw SharedTransaction.NoTransactionControl();
        }

        // It would be stored by itself, whatever becomes of the item.
        if (!lease.Physical.IsInTransaction)
        {
            throw SharedTransaction.IsLost();
        }
    }

    /// <summary>
    /// On a reader lease nothing of a text runs when some of it writes; its snapshot begins here, before the first
    /// statement.
    /// </summary>
    /// <returns>A result code.</returns>
    /// <exception cref="InvalidOperationException">A statement writes.</exception>
    public static int CheckAll(IStatementLease lease, PreparedText text)
    {
        PhysicalConnection physical = lease.Physical;
        for (int i = 0; ; i++)
        {
            int result = physical.TryGet(text, i, out Statement? statement);
            if (statement is null)
            {
                if (i == 0 || physical.IsLocked(result))
                {
                    return result;
                }

                physical.BeginSnapshot();
                return raw.SQLITE_OK;
            }

            Check(lease, statement);
        }
    }

    /// <summary>Enters the write gate when the statement needs it and the gate is free.</summary>
    public static bool TryEnterGate(PhysicalConnection physical, Statement statement)
    {
        if (statement is { NeedsGate: false, Commits: false })
        {
            return true;
        }

        // A write to a file that was deleted or replaced, or its commit, would be acknowledged and lost.
        if (physical.IsInTransaction ? statement.Commits : statement.NeedsGate)
        {
            physical.ThrowIfMoved();
        }

        if (!statement.NeedsGate || physical.HoldsGate)
        {
            return true;
        }

        // A transaction that was begun through the driver's object may hold SQLite's write lock, which the holder of
        // the gate waits for. Waiting for the gate then would be a deadlock; SQLite's lock alone decides.
        return (physical.HoldsGate = physical.Gate.TryEnter()) || (physical.IsExposed && physical.IsInTransaction);
    }

    /// <summary>
    /// True when it makes no difference which thread runs the statement: nothing in it is the caller's code, and its
    /// values are bound already.
    /// </summary>
    public static bool CanBeCombined(PhysicalConnection physical, PreparedText text, Statement statement) =>
        text is { IsComplete: true, Count: 1 }
        && !statement.ControlsTransaction
        && statement.IsWorthKeeping
        && !physical.HasForeignFunctions
        && !physical.IsInTransaction;

    /// <summary>Takes the gate over from the thread that let this connection in.</summary>
    /// <exception cref="ObjectDisposedException">The lease went back meanwhile.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    public static void TakeOver(IStatementLease lease, WriteGate gate)
    {
        bool outermost;
        try
        {
            outermost = lease.Enter();
        }
        catch
        {
            gate.Exit();
            throw;
        }

        // Closed meanwhile, and opened again on another database: the gate of this one is not for what follows.
        bool isSame = lease.Physical.Gate == gate;
        lease.Physical.HoldsGate |= isSame;
        lease.Exit(outermost);
        if (!isSame)
        {
            gate.Exit();
            throw new InvalidOperationException(
                "The connection was closed and opened again while a call on it waited for the write gate. Await each operation "
                    + "before the next one."
            );
        }
    }

    private static InvalidOperationException RefusedOnReader(Statement statement) =>
        new(
            statement.ControlsTransaction
                ? "This is a reader lease, which is one read transaction from its first statement to its return: it can neither "
                    + "begin nor end one. Use RentAsync for transactions of your own."
            : statement.IsCheckpoint
                ? "This is a reader lease, and its snapshot keeps a checkpoint from being made. Use pool.CheckpointAsync, or "
                    + "PRAGMA wal_checkpoint on a connection from RentAsync."
            : "This is a reader lease, and the statement writes; it was not run. Use RentAsync, WriteAsync or ExecuteAsync "
                + "to write."
        );
}
