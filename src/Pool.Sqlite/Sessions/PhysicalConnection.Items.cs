namespace Pool.Sqlite.Sessions;

/// <content>What an item of the write queue may do to the transaction that it shares with others: nothing.</content>
internal sealed partial class PhysicalConnection
{
    /// <summary>How many readers of commands are open, or were not noticed to be closed yet.</summary>
    public int OpenReaders => _open.Count;

    /// <summary>While it is on, a statement cannot begin or end a transaction. Answers what it was.</summary>
    public bool GuardTransaction(bool on)
    {
        bool was = _authorizer.Guarded is not null;
        _authorizer.Guarded = on ? Handle : null;
        return was;
    }

    /// <summary>
    /// An item has ended: closes the readers that it left open. False when the transaction did not survive the item, or
    /// something of it is still running that cannot be reached.
    /// </summary>
    /// <param name="openBefore">The readers that were open before the item; those stay.</param>
    /// <param name="isNested">True when the item ran inside another, whose statements may be running.</param>
    public bool TryEndItem(int openBefore, bool isNested)
    {
        CloseReaders(openBefore);
        return IsInTransaction && (isNested || !_isExposed || !HasBusyStatement());
    }

    /// <summary>Rolls back what may be left of a transaction; when that fails, the connection is not used again.</summary>
    public void Abort()
    {
        try
        {
            if (IsInTransaction)
            {
                Step("ROLLBACK");
            }
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            IsRetired = true;
        }
    }
}
