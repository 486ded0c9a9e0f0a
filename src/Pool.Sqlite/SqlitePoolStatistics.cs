using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite;

/// <summary>
/// One look at a pool. What is counted is counted since the pool was made, and exact once it is quiet.
/// </summary>
public sealed record SqlitePoolStatistics
{
    /// <summary>The base size.</summary>
    public required int PoolSize { get; init; }

    /// <summary>The number of connections that may be opened beyond the base size.</summary>
    public required int MaxOverflow { get; init; }

    /// <summary>Open connections, in use or idle.</summary>
    public required int Open { get; init; }

    /// <summary>Connections that are leased.</summary>
    public required int InUse { get; init; }

    /// <summary>Open connections that are not in use.</summary>
    public int Idle => Open - InUse;

    /// <summary>Connections that are being opened.</summary>
    public required int Opening { get; init; }

    /// <summary>Open connections beyond the base size.</summary>
    public int Overflow => Math.Max(0, Open - PoolSize);

    /// <summary>Rents that wait at this moment.</summary>
    public required int Waiting { get; init; }

    /// <summary>
    /// The most connections that were held at once; a peak that falls into a housekeeper's round may be missed.
    /// </summary>
    public required int PeakInUse { get; init; }

    /// <summary>Rents that were served.</summary>
    public long Rents => Hits + Misses;

    /// <summary>
    /// Rents served by a connection that was open already, one handed over by its last user included.
    /// </summary>
    public required long Hits { get; init; }

    /// <summary>Rents that had to open a connection.</summary>
    public required long Misses { get; init; }

    /// <summary><see cref="Hits"/> out of <see cref="Rents"/>, from 0 to 1; 0 when nothing was rented yet.</summary>
    public double HitRatio => Rents == 0 ? 0 : (double)Hits / Rents;

    /// <summary>Rents that had to wait for a connection to come back, whether they got one or not in time.</summary>
    public long Waits => WaitTime.Count;

    /// <summary>Rents that were refused: not served in time, or too many waiting already.</summary>
    public required long Timeouts { get; init; }

    /// <summary>Rents that were cancelled by their caller.</summary>
    public required long Cancellations { get; init; }

    /// <summary>
    /// Attempts to open a connection that failed, those that were repeated and those of the writers' included.
    /// </summary>
    public required long OpenFailures { get; init; }

    /// <summary>
    /// Connections that were closed to be replaced: by age, by a clear, or because they were retired.
    /// </summary>
    public long Recycled => ClosedByAge + ClosedByClear + ClosedByRetire;

    /// <summary>Connections that failed a health check, the writers' included.</summary>
    public required long HealthCheckFailures { get; init; }

    /// <summary>Leases that were dropped without being disposed.</summary>
    public required long Leaks { get; init; }

    /// <summary>Connections that were closed because what their lease left behind could not be put right.</summary>
    public required long Discarded { get; init; }

    /// <summary>
    /// Connections that were closed because they had reached <see cref="SqlitePoolOptions.MaxLifetime"/>.
    /// </summary>
    public required long ClosedByAge { get; init; }

    /// <summary>
    /// Connections that were closed because they were idle for <see cref="SqlitePoolOptions.IdleTimeout"/>.
    /// </summary>
    public required long ClosedByIdle { get; init; }

    /// <summary>Connections that were closed because they were beyond the base size and no longer wanted.</summary>
    public required long ClosedByOverflow { get; init; }

    /// <summary>Connections that were closed by a clear, or for exclusive work.</summary>
    public required long ClosedByClear { get; init; }

    /// <summary>Connections that were closed because a lease or a hook asked for it.</summary>
    public required long ClosedByRetire { get; init; }

    /// <summary>Commands that found their statement prepared on their connection.</summary>
    public required long StatementHits { get; init; }

    /// <summary>Commands that had to have their statement prepared.</summary>
    public required long StatementMisses { get; init; }

    /// <summary>
    /// The time that rents waited for a connection to come back; those that did not wait are not in it.
    /// </summary>
    public required DurationSummary WaitTime { get; init; }

    /// <summary>
    /// Writes of this pool that wait at this moment for the write gate, or for the writer connection.
    /// </summary>
    public required int WriteGateWaiting { get; init; }

    /// <summary>
    /// The time that writes of this pool waited for the write gate, or for the writer connection, whether they got it
    /// or not; those that did not wait are not in it.
    /// </summary>
    public required DurationSummary WriteGateWaits { get; init; }

    /// <summary>
    /// How many commits to the database were made durable by shared syncs
    /// (<see cref="SqlitePoolOptions.GroupCommit"/>), those of other pools of this process on the same file included.
    /// </summary>
    public long SyncedCommits { get; init; }

    /// <summary>The mean number of commits that one sync made durable; 0 before the first.</summary>
    public double CommitsPerSync => SyncTime.Count == 0 ? 0 : (double)SyncedCommits / SyncTime.Count;

    /// <summary>Syncs of group commit that failed: the commits they were for may not survive a power failure.</summary>
    public long SyncFailures { get; init; }

    /// <summary>How long the syncs of group commit took; its count is how many there were.</summary>
    public DurationSummary SyncTime { get; init; }

    /// <summary>The write queue.</summary>
    public required SqlitePoolWriteQueueStatistics Writes { get; init; }
}
