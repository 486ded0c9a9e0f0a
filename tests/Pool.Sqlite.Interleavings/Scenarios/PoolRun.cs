using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;
using Pool.Sqlite.Interleavings.Controlled;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Interleavings.Scenarios;

/// <summary>One pool on fake items, with a clock that stands still, and what must hold of it.</summary>
internal sealed class PoolRun
{
    private readonly Generator _choice = Generator.Create();
    private readonly LeasePoolOptions _options;
    private int _lent;
    private int _cleared;

    public PoolRun(LeasePoolOptions options, OpenBudget<FakeItem>? budget = null)
    {
        _options = options;
        Pool = new LeasePool<FakeItem>(Source, options, Clock, budget: budget);
    }

    public FakeSource Source { get; } = new();

    public ControlledClock Clock { get; } = new();

    public LeasePool<FakeItem> Pool { get; }

    /// <summary>How many rents have got an item.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <summary>One of the two, as Coyote chooses.</summary>
    public bool Either() => _choice.NextBoolean();

    /// <summary>Rents, blocking or not, is alone with the item for a moment, and returns it.</summary>
    /// <returns>False when the rent was refused, cancelled, or the pool closed.</returns>
    public async Task<bool> Use(CancellationToken cancellationToken = default)
    {
        int cleared = Volatile.Read(ref _cleared);
        try
        {
            PoolEntry<FakeItem> entry = Either()
                ? Lend(Pool.Rent(cancellationToken))
                : Lend(await Pool.RentAsync(cancellationToken));
            Check.That(entry.Value.Number > cleared, "An item was lent that had been cleared before.");
            Return(entry);
            return true;
        }
        catch (Exception e)
            when (e is RefusedException or OperationCanceledException or ObjectDisposedException or FakeFailure)
        {
            return false;
        }
    }

    public PoolEntry<FakeItem> Lend(PoolEntry<FakeItem> entry)
    {
        entry.Value.Take("a lease");
        Interlocked.Increment(ref _lent);
        SchedulingPoint.Interleave();
        return entry;
    }

    public void Return(PoolEntry<FakeItem> entry, RetireReason reason = RetireReason.None)
    {
        entry.Value.LetGo();
        Pool.Return(entry, reason);
    }

    /// <summary>Clears the pool: what begins to be rented afterwards is none of what was open before.</summary>
    public void Clear()
    {
        int opened = Source.Opened;
        Pool.Clear();
        Volatile.Write(ref _cleared, opened);
    }

    /// <summary>Every permit is home, and there is not one more; then the pool is closed, and everything with it.</summary>
    public async Task AssertQuiet()
    {
        // It ends when all permits have come back: one that is lost is a deadlock, which Coyote reports.
        await Pool.BeginExclusive(CancellationToken.None);
        LeaseCounts counts = Pool.Count();
        Check.Same((0, 0, 0), (counts.InUse, counts.Opening, counts.Waiting), "In use, opening, waiting");
        Check.That(await Pool.RentWithoutWaiting(false, default) is null, "There is a permit too many.");
        Pool.EndExclusive();
        PoolEntry<FakeItem>[] all = new PoolEntry<FakeItem>[_options.Permits];
        for (int i = 0; i < all.Length; i++)
        {
            PoolEntry<FakeItem>? entry = await Pool.RentWithoutWaiting(false, default);
            Check.That(entry is not null, "A permit did not come back.");
            all[i] = Lend(entry!);
        }

        Array.ForEach(all, entry => Return(entry));
        Pool.Dispose();
        await AssertClosed();
        Check.Same(Lent, Pool.Rents, "Rents that are counted");
    }

    /// <summary>Of a pool that is closed: nothing is left open, and one alone was the last.</summary>
    public async Task AssertClosed()
    {
        await Pool.Drained;
        AssertNoFaults();
        Check.Same(Source.Opened, Source.Closes.Count, "Items that were closed");
        if (Source.Closes.Count > 0 && Source.Closes[^1] is { Reason: RetireReason.Closing, Last: var last })
        {
            Check.That(last, "The last item was closed as one of several.");
        }

        Check.That(!Source.Closes.SkipLast(1).Any(static close => close.Last), "Another was closed as the last.");
    }

    public void AssertNoFaults()
    {
        Check.That(Source.Faults.Count == 0, string.Join(' ', Source.Faults));
        Check.That(Source.MostExisting <= _options.Permits, $"{Source.MostExisting} items existed at once.");
    }
}
