namespace Pool.Sqlite.Writing;

/// <summary>
/// Stands for a commit whose caller is not to be answered before it is durable. Taken where a write ends, while the gate is
/// still held; waited for after the gate has passed on.
/// </summary>
internal readonly struct CommitTicket
{
    /// <summary>True when there is nothing to wait for. (So far each commit is as durable as <c>synchronous</c> makes it.)</summary>
#pragma warning disable CA1822 // What it answers is to depend on the ticket.
    public bool IsDurable => true;

    /// <summary>Waits until the commit is durable.</summary>
    /// <param name="async">False blocks the thread.</param>
    public ValueTask Wait(bool async)
    {
        _ = async;
        return ValueTask.CompletedTask;
    }
#pragma warning restore CA1822
}
