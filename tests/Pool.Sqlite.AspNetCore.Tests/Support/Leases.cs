namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>So many leases, held until the end.</summary>
internal sealed class Leases(SqlitePool pool, int count) : IDisposable
{
    private readonly SqlitePoolConnection[] _leases = [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];

    public void Dispose() => Array.ForEach(_leases, static lease => lease.Dispose());
}
