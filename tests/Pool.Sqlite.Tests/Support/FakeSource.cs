using System.Collections.Concurrent;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// Opens and closes fake items as a script says, and notes whatever must never happen: an item with two holders, one
/// that is lent, checked or closed after it was closed, more than one last.
/// </summary>
internal sealed class FakeSource : ILeaseSource<FakeItem>
{
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<FakeClose> _closes = new();
    private int _tries;
    private int _opened;
    private int _existing;
    private int _mostExisting;
    private int _checks;

    /// <summary>Runs inside each open, with the number of the try from 1: it may block, or throw.</summary>
    public Action<int>? Opening { get; set; }

    /// <summary>Runs inside each check, with whether it is a probe; says why the item must not be lent.</summary>
    public Func<FakeItem, bool, RetireReason>? Checking { get; set; }

    /// <summary>Runs inside each close: it may block.</summary>
    public Action<FakeItem>? Closing { get; set; }

    public bool ChecksEveryRent { get; set; }

    /// <summary>True when an item is to stay, whatever speaks against it.</summary>
    public bool KeepsItems { get; set; }

    public int Tries => Volatile.Read(ref _tries);

    public int Opened => Volatile.Read(ref _opened);

    public int Checks => Volatile.Read(ref _checks);

    /// <summary>How many were open, being opened or being closed at the same time, at most.</summary>
    public int MostExisting => Volatile.Read(ref _mostExisting);

    /// <summary>What has been closed, in that order.</summary>
    public IReadOnlyList<FakeClose> Closes => [.. _closes];

    public IReadOnlyList<string> Faults => [.. _faults];

    public FakeItem Open(TimeSpan limit, CancellationToken cancellationToken)
    {
        int number = Interlocked.Increment(ref _tries);
        int existing = Interlocked.Increment(ref _existing);
        for (int most = MostExisting; existing > most; most = MostExisting)
        {
            Interlocked.CompareExchange(ref _mostExisting, existing, most);
        }

        try
        {
            Opening?.Invoke(number);
        }
        catch
        {
            Interlocked.Decrement(ref _existing);
            throw;
        }

        return new FakeItem(Interlocked.Increment(ref _opened), _faults.Enqueue);
    }

    public bool IsTransient(Exception failure) => failure is FakeFailure { Transient: true };

    public bool Check(FakeItem item, bool probe, out RetireReason reason, out Exception? cause)
    {
        cause = null;
        Interlocked.Increment(ref _checks);
        item.Take("a check");
        reason = Checking?.Invoke(item, probe) ?? RetireReason.None;
        item.LetGo();
        return reason == RetireReason.None;
    }

    public bool MustKeep(FakeItem item) => KeepsItems;

    public void Close(FakeItem item, RetireReason reason, bool last)
    {
        item.Take("a close");
        Closing?.Invoke(item);
        if (reason == RetireReason.None)
        {
            _faults.Enqueue($"Item {item.Number} was closed without a reason.");
        }

        _closes.Enqueue(new FakeClose(item, reason, last));
        Interlocked.Decrement(ref _existing);
    }

    public Exception RentRefused(RentRefusal refusal, TimeSpan waited, Exception? cause) =>
        new RefusedException(refusal, waited);

    public Exception Closed() => new ObjectDisposedException("the pool");
}

/// <summary>An item that knows who holds it.</summary>
internal sealed class FakeItem(int number, Action<string> fault)
{
    private string? _holder;

    /// <summary>Counts from 1 in the order in which they were opened.</summary>
    public int Number { get; } = number;

    /// <summary>From now on somebody holds it. What is closed is held for ever.</summary>
    public void Take(string holder)
    {
        if (Interlocked.CompareExchange(ref _holder, holder, null) is { } other)
        {
            fault($"Item {Number} was taken for {holder} while {other} had it.");
        }
    }

    public void LetGo() => Volatile.Write(ref _holder, null);
}

internal sealed record FakeClose(FakeItem Item, RetireReason Reason, bool Last);

/// <summary>What a scripted open throws.</summary>
internal sealed class FakeFailure(bool transient) : Exception("The open was told to fail.")
{
    public bool Transient => transient;
}

/// <summary>The pool refused a rent.</summary>
internal sealed class RefusedException(RentRefusal refusal, TimeSpan waited) : Exception($"Refused: {refusal}.")
{
    public RentRefusal Refusal => refusal;

    public TimeSpan Waited => waited;
}
