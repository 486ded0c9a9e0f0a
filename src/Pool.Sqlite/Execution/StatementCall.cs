using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Execution;

/// <summary>
/// A call on a run, as far as it goes without waiting: it enters the lease, is limited in time, and leaves everything
/// in order whatever is thrown.
/// </summary>
internal sealed class StatementCall
{
    private IStatementLease? _lease;
    private DbTransaction? _transaction;

    public StatementCall() => Run = new StatementRun(Limits);

    public ExecutionLimits Limits { get; } = new();

    public StatementRun Run { get; }

    /// <summary>
    /// True when its caller has no lease, so that it has no use for a write that is begun and not awaited.
    /// </summary>
    public bool IsWhole { get; set; }

    /// <summary>
    /// True when its caller waits for the disk itself, by <see cref="Commit"/>, after it has let go of the gate.
    /// </summary>
    public bool LeavesSync { get; set; }

    /// <summary>What the log and the spans are told of the command; null when nothing.</summary>
    public CommandRecord? Record { get; set; }

    /// <summary>The commit that the last call ended in.</summary>
    public CommitTicket Commit { get; private set; }

    /// <summary>What the last call came to: whether there is a row, or a result.</summary>
    public bool Answer { get; private set; }

    /// <summary>Between <see cref="Begin"/> and <see cref="Clear"/>.</summary>
    public IStatementLease Lease => _lease ?? throw StatementErrors.LeaseIsGone();

    public void Begin(IStatementLease lease, int timeoutSeconds, DbTransaction? transaction)
    {
        _lease = lease;
        _transaction = transaction;
        Commit = default;
        IsWhole = LeavesSync = false;
        Limits.Begin(timeoutSeconds);
    }

    public void Clear()
    {
        _lease = null;
        _transaction = null;
        Record = null;
        Limits.Clear();
        Run.Clear();
    }

    /// <summary>
    /// From a row to the next: all that is done a thousand times. The end of a result, an error, and whatever else is
    /// left to <see cref="Attempt"/>, which goes on from what SQLite has answered.
    /// </summary>
    public bool TryReadOn(int generation, CancellationToken cancellationToken)
    {
        if (!Run.CanReadOn)
        {
            return false;
        }

        IStatementLease lease = Lease;
        bool outermost = lease.Enter();
        if (Run.IsClosed || Limits.Generation != generation)
        {
            lease.Exit(outermost);
            return false;
        }

        PhysicalConnection physical = Run.Physical!;
        ExecutionInterrupt.Scope scope = Limits.EnterRead(physical, cancellationToken);
        try
        {
            physical.ThrowIfClosedByCaller();
            return Run.TryReadOn();
        }
        finally
        {
            scope.Dispose();
            lease.Exit(outermost);
        }
    }

    /// <summary>Does a call as far as it goes.</summary>
    /// <returns>What is in the way; the same call is to be made again then.</returns>
    public WriteBlocker Attempt(Operation operation, int generation, CancellationToken cancellationToken)
    {
        IStatementLease lease = Lease;
        bool outermost = lease.Enter();
        if (Limits.Generation != generation)
        {
            lease.Exit(outermost);
            return operation == Operation.Close ? WriteBlocker.None : throw StatementErrors.LeaseIsGone();
        }

        PhysicalConnection physical = lease.Physical;
        Run.Physical ??= physical;
        WriteBlocker blocker = WriteBlocker.None;
        bool isDone = false;
        string? outer = physical.Running;
        ExecutionInterrupt.Scope scope = Limits.Enter(physical, operation, cancellationToken);
        try
        {
            physical.IsTouched = true;
            if (operation != Operation.Close)
            {
                physical.ThrowIfClosedByCaller();
            }

            physical.StopNativeWaiting();
            physical.Running = Run.Sql;
            cancellationToken.ThrowIfCancellationRequested();
            if (Run.IsClosed)
            {
                // The lease has gone back meanwhile, and the connection object may have another one since.
                isDone = true;
                return operation == Operation.Close ? WriteBlocker.None : throw StatementErrors.LeaseIsGone();
            }

            if (operation <= Operation.Reader)
            {
                lease.CheckTransaction(_transaction);
            }

            blocker = Run.Proceed(operation);
            Answer = operation == Operation.Read ? Run.HasRow : Run.Statement is not null;
            isDone = true;
            return blocker;
        }
        catch (SqliteException e) when (physical.NoteFailure(e))
        {
            throw;
        }
        catch (SqliteException e) when (Limits.IsTooLongToCombine(e))
        {
            Run.StartAgain();
            isDone = true;
            return blocker = WriteBlocker.Gate;
        }
        catch (SqliteException e) when (Limits.Explain(e, physical, cancellationToken) is { } explained)
        {
            throw explained;
        }
        finally
        {
            scope.Dispose();
            physical.Running = outer;
            if (!isDone)
            {
                Run.Abandon(operation);
            }
            else if (blocker != WriteBlocker.None)
            {
                Run.KeepForReturn();
            }

            // Not when a function called by SQLite has run this in the middle of another statement, which may be
            // writing.
            if (outermost && blocker == WriteBlocker.None)
            {
                physical.ReleaseGateIfDone();
                physical.MarkAmbientGate(lease.LeaseId, Run.Sql);
                Commit = physical.TakeCommit();
            }

            lease.Exit(outermost);
        }
    }

    /// <summary>As <see cref="Attempt"/>, on the thread of another that leaves the write gate.</summary>
    public WriteBlocker AttemptCombined(Operation operation, int generation)
    {
        Limits.IsCombined = true;
        try
        {
            return Attempt(operation, generation, CancellationToken.None);
        }
        finally
        {
            Limits.IsCombined = false;
        }
    }

    /// <summary>Waits for the disk after a call; what that refuses, the command has failed with.</summary>
    public ValueTask WaitForDisk(bool async, CancellationToken cancellationToken) =>
        Record is { } record ? WaitForDisk(record, async, cancellationToken) : Commit.Wait(async, cancellationToken);

    /// <summary>
    /// Gives back what a call that waited in vain has held, unless the return of the lease has done it.
    /// </summary>
    public void GiveUp(Operation operation, int generation)
    {
        if (_lease is not { } lease)
        {
            return;
        }

        bool outermost;
        try
        {
            outermost = lease.Enter();
        }
        catch (InvalidOperationException)
        {
            return;
        }

        try
        {
            if (Limits.Generation == generation)
            {
                Run.Abandon(operation);
                lease.Physical.ReleaseGateIfDone();
            }
        }
        finally
        {
            lease.Exit(outermost);
        }
    }

    private async ValueTask WaitForDisk(CommandRecord record, bool async, CancellationToken cancellationToken)
    {
        try
        {
            await Commit.Wait(async, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (record.Fail(e))
        {
            throw;
        }
    }
}
