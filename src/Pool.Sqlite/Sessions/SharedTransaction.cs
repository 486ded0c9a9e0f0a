namespace Pool.Sqlite.Sessions;

/// <summary>
/// The transaction of a batch, which the items of the write queue share: an item can neither begin nor end one, nor
/// leave anything running in it.
/// </summary>
internal sealed class SharedTransaction(PhysicalConnection connection, StatementAuthorizer authorizer)
{
    public static InvalidOperationException NoTransactionControl() =>
        new(
            "An item of the write queue runs in a transaction that it shares with others: it can neither begin nor end one, nor "
                + "set savepoints. What it does is stored as a whole, or not at all when it throws; an item enqueued inside it has a "
                + "savepoint of its own."
        );

    public static InvalidOperationException IsLost() =>
        new(
            "An earlier statement of this item made SQLite roll the transaction back (OR ROLLBACK, a full disk); nothing more of it "
                + "is run."
        );

    /// <summary>While it is on, a statement cannot begin or end a transaction. Answers what it was.</summary>
    public bool Guard(bool on)
    {
        bool was = authorizer.Guarded is not null;
        authorizer.Guarded = on ? connection.Handle : null;
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
        if (connection.IsClosedByCaller)
        {
            return false;
        }

        connection.OpenStatements.FinishAll(openBefore);
        return connection.IsInTransaction
            && (isNested || !connection.IsExposed || !NativeStatements.IsAnyBusy(connection.Handle));
    }
}
