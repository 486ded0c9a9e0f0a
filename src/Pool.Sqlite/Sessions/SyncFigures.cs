using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// What group commit has done for the database of one pool, by whichever pool of the process a commit came.
/// </summary>
internal sealed class SyncFigures : IGroupCommitEvents
{
    private long _commits;
    private long _failures;
    private string? _failure;

    /// <summary>The pool's instruments; null where nothing is measured.</summary>
    public PoolMetrics? Metrics { get; init; }

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
        Metrics?.RecordSync(commits, time);
        if (_failure is not null)
        {
            Volatile.Write(ref _failure, null);
        }
    }

    void IGroupCommitEvents.SyncFailed(Exception failure)
    {
        Interlocked.Increment(ref _failures);
        Volatile.Write(ref _failure, failure.Message);
    }
}
