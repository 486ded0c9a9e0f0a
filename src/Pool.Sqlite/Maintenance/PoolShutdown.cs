using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Leasing;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Closes one pool, once, in order: rents are refused and what is idle closes; what the write queue has accepted is
/// written, or given up when the time is up; then the queue's connection closes, and last of all the source.
/// </summary>
/// <param name="name">The pool's name.</param>
/// <param name="pools">What is to be closed.</param>
/// <param name="drainQueue">Refuses further writes; the task ends when those accepted are settled.</param>
/// <param name="abandonQueue">Gives up what is still queued; answers how much that was.</param>
/// <param name="queued">How many writes are queued.</param>
/// <param name="synced">Ends when no commit waits for the disk.</param>
/// <param name="leases">Names what is still out.</param>
/// <param name="timeout">For the queue, and for the leases.</param>
/// <param name="log">Where it says what was left.</param>
/// <param name="time">The clock.</param>
internal sealed class PoolShutdown(
    string name,
    ConnectionPools pools,
    Func<Task> drainQueue,
    Func<int> abandonQueue,
    Func<int> queued,
    Func<Task> synced,
    LeaseInspector leases,
    TimeSpan timeout,
    PoolLoggers log,
    TimeProvider time
)
{
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isBegun;

    /// <summary>Begins the shutdown, or meets one that has begun.</summary>
    /// <returns>Ends when the queue has nothing left.</returns>
    public Task Begin()
    {
        Task drained = drainQueue();
        pools.CloseForRents();
        if (Interlocked.Exchange(ref _isBegun, 1) == 0)
        {
            _ = CloseQueue(drained);
        }

        return _written.Task;
    }

    /// <summary>Waits for the leases that are out. What then still is, the log says.</summary>
    /// <param name="deadline">Since the shutdown began.</param>
    public async Task WaitForLeases(Deadline deadline)
    {
        SayWhatIsWaitedFor(leases.Count, queued());
        try
        {
            await _written.Task.ConfigureAwait(false);
            await pools.Closed.WaitAsync(deadline.Remaining, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            log.Leasing.LeasesStillOut(name, timeout, leases.Describe());
        }
    }

    private void SayWhatIsWaitedFor(int leased, int writes)
    {
        if (leased + writes > 0)
        {
            log.Leasing.ShutdownWaits(
                name,
                timeout,
                MessageFormat.Count(leased, "lease that is out", "leases that are out"),
                MessageFormat.Count(writes, "queued write"),
                leases.Describe()
            );
        }
    }

    private async Task CloseQueue(Task drained)
    {
        try
        {
            await drained.WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            log.Writing.WritesAbandoned(name, abandonQueue(), timeout);
        }

        pools.CloseForQueue();
        try
        {
            await synced().WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            log.Writing.SyncStillRuns(name, timeout);
        }

        _written.SetResult();
    }
}
