using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Leasing;

/// <summary>Rents connections that hold the write gate until they are returned.</summary>
internal sealed class WriterRenting(
    FlowGate flow,
    LeaseRecorder recorder,
    LeaseInspector inspector,
    WaitReporter waits,
    TimeProvider time
)
{
    /// <summary>For the caller's flow, which the mark then tells from others.</summary>
    public ValueTask<PoolEntry<PhysicalConnection>> Rent(
        LeasePool<PhysicalConnection> writers,
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        // Here, and not in an asynchronous method, whose caller would not see it.
        AmbientWriteGate mark = AmbientWriteGate.Prepare();
        return Rent(mark, writers, async, timeout, cancellationToken);
    }

    /// <summary>For no flow, which is how the write queue works.</summary>
    public async ValueTask<PoolEntry<PhysicalConnection>> RentUnmarked(
        LeasePool<PhysicalConnection> writers,
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        Deadline deadline = new(time, timeout);
        flow.ThrowIfHeld();
        PoolEntry<PhysicalConnection> entry = await writers
            .Rent(async, timeout, cancellationToken)
            .ConfigureAwait(false);
        PhysicalConnection physical = entry.Value;
        try
        {
            if (!await EnterGate(physical.Gate, async, deadline.Remaining, cancellationToken).ConfigureAwait(false))
            {
                string holder = physical.Gate.Holder is { } mark ? $", it is held by {mark}" : "";
                throw inspector.Refused(
                    $"The right to write was not free within {MessageFormat.Seconds(deadline.Elapsed)}{holder}.",
                    deadline.Elapsed
                );
            }
        }
        catch
        {
            entry.Pool.Return(entry);
            throw;
        }

        physical.HoldsGate = physical.Writes.KeepsGate = physical.IsTouched = true;
        physical.MarkAmbientGate(entry.LeaseId);
        return entry;
    }

    private async ValueTask<PoolEntry<PhysicalConnection>> Rent(
        AmbientWriteGate mark,
        LeasePool<PhysicalConnection> writers,
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        RentSite? site = recorder.CaptureSite();
        try
        {
            PoolEntry<PhysicalConnection> entry = await RentUnmarked(writers, async, timeout, cancellationToken)
                .ConfigureAwait(false);
            recorder.Rented(entry, site);
            return entry;
        }
        finally
        {
            mark.EndUnlessHeld();
        }
    }

    private async ValueTask<bool> EnterGate(
        WriteGate gate,
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (gate.TryEnter())
        {
            return true;
        }

        using (waits.BeginGateWait())
        {
            return await gate.Enter(async, timeout, cancellationToken).ConfigureAwait(false);
        }
    }
}
