namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>Makes a pool critical for a minute: a user got no connection.</summary>
internal static class RefusedRent
{
    /// <param name="pool">One with <c>Rent Timeout=0</c>.</param>
    public static void On(SqlitePool pool)
    {
        SqlitePoolStatistics size = pool.GetStatistics();
        using Leases all = new(pool, size.PoolSize + size.MaxOverflow - size.InUse);
        Assert.Throws<SqlitePoolTimeoutException>(() => pool.Rent());
    }
}
