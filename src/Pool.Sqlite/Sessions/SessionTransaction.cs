using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Sessions;

/// <summary>The transaction that a lease has on its connection, by whatever means it was begun.</summary>
internal sealed class SessionTransaction(PhysicalConnection connection)
{
    private bool _isSnapshot;

    /// <summary>Begins the read transaction of a reader lease, once.</summary>
    public void BeginSnapshot()
    {
        if (!_isSnapshot)
        {
            connection.Step("BEGIN");
            _isSnapshot = true;
        }
    }

    /// <summary>Rolls back what the lease has left open.</summary>
    /// <returns>True when something may have been lost by that.</returns>
    public bool End()
    {
        bool isSnapshot = _isSnapshot;
        bool isOpen = connection.IsInTransaction;
        bool isLeft = isOpen;
        _isSnapshot = false;
        if (connection.IsExposed)
        {
            EndDriverTransaction();
            isLeft = connection.IsInTransaction;
        }

        if (isLeft)
        {
            connection.Step("ROLLBACK");
        }

        connection.Activity.NoteTransaction(isInTransaction: false);

        // Nothing was written in a snapshot, so there is nothing to lose.
        return isOpen && !isSnapshot;
    }

    /// <summary>Rolls back what may be left; when that fails, the connection is not used again.</summary>
    public void Abort()
    {
        try
        {
            if (connection.IsInTransaction)
            {
                connection.Step("ROLLBACK");
            }
        }
        // Whatever it is, the connection is of no more use, and its permit and gate must come back.
        catch (Exception)
        {
            connection.IsRetired = true;
        }
    }

    // One that was begun on the driver's own object, which otherwise takes itself to be in it for ever, and to roll
    // back has to find one.
    private void EndDriverTransaction()
    {
        using SqliteCommand command = connection.Driver.CreateCommand();
        if (command.Transaction is { } transaction)
        {
            if (!connection.IsInTransaction)
            {
                connection.Step("BEGIN");
            }

            transaction.Dispose();
        }
    }
}
