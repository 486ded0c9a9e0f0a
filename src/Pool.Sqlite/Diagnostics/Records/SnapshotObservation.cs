namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>A state of the database that a lease reads from, as the housekeeper first saw it.</summary>
/// <param name="Snapshot">Its number among those of the connection.</param>
/// <param name="Since">A timestamp.</param>
/// <param name="WalBytes">The size of the WAL then.</param>
internal sealed record SnapshotObservation(long Snapshot, long Since, long WalBytes);
