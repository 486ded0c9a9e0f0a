namespace Pool.Sqlite.Sessions;

/// <summary>What cleaning a connection after its lease has come to.</summary>
/// <param name="IsClean">True when it can be lent again.</param>
/// <param name="RolledBack">True when the lease had left a transaction open.</param>
/// <param name="Problem">Why it cannot be lent again.</param>
internal readonly record struct SessionResetResult(bool IsClean, bool RolledBack, string? Problem)
{
    public static readonly SessionResetResult Clean = new(true, false, null);
}
