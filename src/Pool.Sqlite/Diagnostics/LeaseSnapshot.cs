namespace Pool.Sqlite.Diagnostics;

/// <summary>A lease, with what the pool notes of it.</summary>
/// <param name="Lease">As the outside sees it.</param>
/// <param name="Notes">The notes of its connection.</param>
/// <param name="Rent">The number of the rent on its connection.</param>
/// <param name="Snapshot">The number of the state of the database that it reads from; 0 for none.</param>
internal sealed record LeaseSnapshot(SqlitePoolLease Lease, LeaseRecord Notes, long Rent, long Snapshot)
{
    /// <summary>The growth of the WAL while the lease read from one state, given the size now.</summary>
    public long WalGrowth(long walBytes) =>
        Notes.Sight is { } sight && sight.Snapshot == Snapshot ? walBytes - sight.WalBytes : 0;
}
