using Pool.Sqlite.Diagnostics.Records;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// What group commit has done for the database of one pool, by whichever pool of the process a commit came.
/// </summary>
/// <param name="next">Told of each sync as well, for the pool's meters.</param>
internal sealed class SyncFigures(IGroupCommitEvents? next) : IGroupCommitEvents
{
    private long _commits;
    private long _failures;
    private string? _failure;

    public DurationHistogram Times { get; } = new();

    /// <summary>How many commits the syncs have answered.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>How many syncs have failed.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Why the last sync failed; null when it did not.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    void IGroupCommitEvents.Synced(long commits, TimeSpan time)
    {
        Times.Record(time);
        Interlocked.Add(ref _commits, commits);
        next?.Synced(commits, time);
        if (_failure is not null)
        {
            Volatile.Write(ref _failure, null);
        }
    }

    void IGroupCommitEvents.SyncFailed(Exception failure)
    {
        Interlocked.Increment(ref _failures);
        Volatile.Write(ref _failure, failure.Message);
        next?.SyncFailed(failure);
    }
}
