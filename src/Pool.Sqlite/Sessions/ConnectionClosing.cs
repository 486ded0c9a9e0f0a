namespace Pool.Sqlite.Sessions;

/// <summary>Closes a connection, whatever state its last lease has left it in.</summary>
internal sealed class ConnectionClosing(PhysicalConnection connection, StatementAuthorizer authorizer)
{
    /// <summary>
    /// Rolls back, then closes: closing with an open transaction would fire the driver's rollback hook.
    /// </summary>
    public void Run(bool last)
    {
        try
        {
            if (!connection.IsClosedByCaller)
            {
                EndWork(last);
            }
        }
        finally
        {
            // The gate comes back whatever closing says; last, since a lock of SQLite's may be let go with the handle.
            try
            {
                // Also when the caller has closed the driver's object: SQLite keeps the file open while statements are
                // left.
                connection.Statements.Clear();
                lock (connection.Gate.Closing)
                {
                    connection.Access.Dispose();
                }
            }
            finally
            {
                connection.Writes.ReleaseGate();
            }
        }
    }

    private void EndWork(bool last)
    {
        connection.Blobs.CloseAll();
        connection.Transaction.End();
        connection.OpenStatements.FinishAll();
        if (last)
        {
            connection.Upkeep.BeforeLastClose();
        }

        if (connection.Access.WasExposed)
        {
            // A reader that was opened on the driver's own object runs what is left of its batch as that is disposed,
            // and some of it may be prepared. With all statements gone but those whose rows are being read, and new
            // ones refused, there is nothing to run.
            authorizer.RefusesAll = true;
            NativeStatements.DisposeIdle(connection.Handle);
        }
    }
}
