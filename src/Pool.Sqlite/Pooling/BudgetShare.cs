using System.Diagnostics;

namespace Pool.Sqlite.Pooling;

/// <summary>
/// The places in an <see cref="OpenBudget{T}"/> that what is open in one pool holds, where the pool shares one with
/// others.
/// </summary>
internal sealed class BudgetShare<T>(LeasePool<T> pool, OpenBudget<T>? budget)
{
    private int _waiting;

    /// <summary>The budget; null where the pool has none.</summary>
    public OpenBudget<T>? Budget => budget;

    /// <summary>How many rents of this pool wait for a place.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>
    /// Notes when an entry came back. In real time, even where the clock stands still: only the order matters.
    /// </summary>
    public void NoteReturn(PoolEntry<T> entry)
    {
        if (budget is not null)
        {
            entry.ReturnedAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Takes a place that is free, and no other, for what need not be open.</summary>
    public bool TryEnter() => budget is null || budget.TryEnter(pool);

    /// <summary>Takes a place, waiting for one if need be: see <see cref="OpenBudget{T}.Enter"/>.</summary>
    public async ValueTask<(WaitOutcome Outcome, PoolEntry<T>? Entry)> Enter(
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        Interlocked.Increment(ref _waiting);
        (WaitOutcome outcome, PoolEntry<T>? entry) = await budget!
            .Enter(pool, async, timeout, cancellationToken)
            .ConfigureAwait(false);
        Interlocked.Decrement(ref _waiting);
        return (outcome, entry);
    }

    /// <summary>Gives back a place: what had it is closed, or was not opened.</summary>
    public void Exit() => budget?.Exit(pool);

    /// <summary>An entry or a permit is idle now: it may be what a rent of another pool waits for.</summary>
    public void Reclaim() => budget?.Reclaim();

    /// <summary>
    /// Gives an entry that has come back to the rent that has waited longest, when that is one of this pool.
    /// </summary>
    public bool TryHandOver(PoolEntry<T> entry) => budget!.TryHandOver(pool, entry);
}
