using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Pooling;

/// <summary>How a wait ended.</summary>
internal enum WaitOutcome
{
    Granted,

    /// <summary>Its combined write was run; there is nothing left to be granted.</summary>
    Served,
    TimedOut,

    /// <summary>It waited for itself.</summary>
    Refused,
    Canceled,
    Closed,
}

/// <summary>
/// One wait for permits: for one by a rent, for all of them by exclusive work. A place in a
/// <see cref="WaiterQueue{T}"/>, which guards the fields.
/// </summary>
internal sealed class Waiter<T>(WaiterQueue<T> queue, int needed, long dueAt)
    : TaskCompletionSource<WaitOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
    where T : class
{
    /// <summary>The timestamp at which the wait has failed; <see cref="long.MaxValue"/> for never.</summary>
    public long DueAt { get; } = dueAt;

    public Waiter<T>? Previous { get; set; }

    public Waiter<T>? Next { get; set; }

    public bool IsQueued { get; set; }

    /// <summary>
    /// What it waits to do, if the thread that would let it in may do it instead: that thread is awake.
    /// </summary>
    public Action? CombinedWrite { get; init; }

    /// <summary>On whose behalf it waits, where one queue serves several.</summary>
    public object? Owner { get; init; }

    /// <summary>How many permits it has so far.</summary>
    public int Permits { get; private set; }

    /// <summary>The item that came with a permit.</summary>
    public T? Item { get; private set; }

    /// <summary>Further items, for a waiter that wanted more than one permit.</summary>
    public List<T>? FurtherItems { get; private set; }

    /// <summary>Adds a permit, perhaps with an item. True when there are enough.</summary>
    public bool Add(T? item)
    {
        Permits++;
        if (Item is null)
        {
            Item = item;
        }
        else if (item is not null)
        {
            (FurtherItems ??= []).Add(item);
        }

        return Permits == needed;
    }

    /// <summary>Waits for the outcome, asynchronously or blocking.</summary>
    public async ValueTask<WaitOutcome> Wait(bool async, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static state => ((Waiter<T>)state!).Cancel(),
            this
        );
        try
        {
            if (!async && !Blocking.Wait(Task, queue.Time, DueAt, CancellationToken.None))
            {
                // Unless it was granted at this very moment, which the outcome then says.
                queue.Withdraw(this, WaitOutcome.TimedOut);
            }

            return await Task.ConfigureAwait(false);
        }
        finally
        {
            // A callback that is under way finds the waiter gone from the queue: no need to wait for it.
            registration.Unregister();
        }
    }

    private void Cancel() => queue.Withdraw(this, WaitOutcome.Canceled);
}
