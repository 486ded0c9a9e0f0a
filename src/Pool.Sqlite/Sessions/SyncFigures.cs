using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Sessions;

/// <summary>What group commit has done for the database of one pool, by whichever pool of the process a commit came.</summary>
internal sealed class SyncFigures : IGroupCommitEvents
{
    private long _commits;
    private string? _failure;

    public DurationHistogram Times { get; } = new();

    /// <summary>How many commits the syncs have answered.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Why the last sync failed; null when it did not.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    void IGroupCommitEvents.Synced(long commits, TimeSpan time)
    {
        Times.Record(time);
        Interlocked.Add(ref _commits, commits);
        if (_failure is not null)
        {
            Volatile.Write(ref _failure, null);
        }
    }

    void IGroupCommitEvents.SyncFailed(Exception failure) => Volatile.Write(ref _failure, failure.Message);
}
