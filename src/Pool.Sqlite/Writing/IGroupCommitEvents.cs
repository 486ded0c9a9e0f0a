namespace Pool.Sqlite.Writing;

/// <summary>
/// Told of what a <see cref="GroupCommit"/> does. Called on the thread that syncs: nothing slow, nothing that throws.
/// </summary>
internal interface IGroupCommitEvents
{
    /// <summary>The disk has what was written.</summary>
    /// <param name="commits">How many commits it answers.</param>
    /// <param name="time">How long it took.</param>
    void Synced(long commits, TimeSpan time);

    /// <summary>The disk refused.</summary>
    void SyncFailed(Exception failure);
}
