namespace Pool.Sqlite.Sessions;

/// <summary>Makes a connection as it was when it was opened, judging by what SQLite says it is now.</summary>
internal sealed class SessionReset(
    PhysicalConnection connection,
    StatementAuthorizer authorizer,
    SessionPragmas pragmas,
    DriverAccess access
)
{
    /// <summary>After a lease that has touched the connection. Never throws.</summary>
    public SessionResetResult Run()
    {
        try
        {
            return RunOrThrow();
        }
        // Whatever goes wrong here, the answer is the same: it is not certain, so not used again.
        catch (Exception e)
        {
            if (connection.IsTheDatabase)
            {
                // What is closed lets go of it by that.
                connection.Writes.ReleaseGate();
            }

            return new SessionResetResult(false, false, e.Message);
        }
    }

    private SessionResetResult RunOrThrow()
    {
        connection.Stop.Forget();
        if (connection.IsClosedByCaller)
        {
            // Their statements keep the file open, and the readers are to know that they are closed.
            connection.OpenStatements.FinishAll();
            return new SessionResetResult(false, false, "the caller's code has closed the driver's connection");
        }

        bool rolledBack = EndWork();
        string? problem = access.IsExposed ? EndExposure() : null;
        problem ??= RestoreSession();
        if (problem is null)
        {
            connection.IsTouched = false;
        }

        return new SessionResetResult(problem is null, rolledBack, problem);
    }

    private bool EndWork()
    {
        if (connection.IsTheDatabase && access.IsExposed)
        {
            // It is not closed, which would end them. First, since ROLLBACK may meet them.
            connection.OpenStatements.FinishAll();
            NativeStatements.DisposeBusy(connection.Handle);
        }

        connection.Blobs.CloseAll();
        bool rolledBack = connection.Transaction.End();
        connection.OpenStatements.FinishAll();
        connection.Writes.Forget();
        _ = connection.Writes.TakeCommit();
        connection.Writes.ReleaseGate();
        if (access.IsExposed && connection.Writes.GroupCommit is not null)
        {
            // Committed through the driver's object in a transaction in which that was obtained.
            connection.Writes.NoteCommit();
            connection.Writes.TakeCommit().Wait(async: false).AsTask().GetAwaiter().GetResult();
        }

        return rolledBack;
    }

    // Answers why the connection cannot be lent again.
    private string? EndExposure()
    {
        access.EndExposure();
        return NativeStatements.IsAnyBusy(connection.Handle)
                ? "a statement that does not belong to a command is still running"
            : !access.TryRestore() && !connection.IsTheDatabase ? "functions or collations were registered"
            : null;
    }

    private string? RestoreSession()
    {
        SessionChanges changes = authorizer.Changes;
        if ((changes & ~SessionChanges.OwnPragma) != 0 && !connection.IsTheDatabase)
        {
            return $"the session was changed: {changes}";
        }

        if (changes != 0)
        {
            pragmas.Restore();
        }

        return null;
    }
}
