using System.Collections.Concurrent;
using Pool.Sqlite.Leasing;

namespace Pool.Sqlite.Writing;

/// <summary>
/// The right to write to one database file, for this process: SQLite lets one write at a time, and it is better to
/// queue here, in order and without blocking, than there.
/// </summary>
#pragma warning disable CA1001 // Its queue has a timer only while somebody waits, and who waits keeps it alive.
internal sealed class WriteGate
#pragma warning restore CA1001
{
    private static readonly ConcurrentDictionary<string, WeakReference<WriteGate>> Gates = new(StringComparer.Ordinal);

    private readonly WaiterQueue<object> _waiters = new(TimeProvider.System, Timeout.InfiniteTimeSpan, int.MaxValue);
    private int _held;
    private string? _journalMode;

    /// <summary>What <c>PRAGMA journal_mode</c> was last set to in this process; written inside the gate.</summary>
    public string? JournalMode
    {
        get => Volatile.Read(ref _journalMode);
        set => Volatile.Write(ref _journalMode, value);
    }

    /// <summary>How many wait.</summary>
    public int Waiting => _waiters.Count;

    /// <summary>The gate of a file, the same for every pool in the process.</summary>
    /// <param name="file">Its full path, as SQLite itself resolves it.</param>
    public static WriteGate For(string file)
    {
        WriteGate? fresh = null;
        for (; ; )
        {
            WeakReference<WriteGate> known = Gates.GetOrAdd(file, static (_, gate) => new(gate), fresh ??= new WriteGate());
            if (known.TryGetTarget(out WriteGate? gate))
            {
                return gate;
            }

            Gates.TryRemove(new KeyValuePair<string, WeakReference<WriteGate>>(file, known));
        }
    }

    /// <summary>Enters when it is free and nobody waits.</summary>
    public bool TryEnter() => _waiters.Demand == 0 && Interlocked.CompareExchange(ref _held, 1, 0) == 0;

    /// <summary>Enters in turn. False when the time was up first.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async ValueTask<bool> Enter(bool async, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryEnter())
        {
            return true;
        }

        if (timeout == TimeSpan.Zero)
        {
            return false;
        }

        Waiter<object> waiter = _waiters.TryEnqueue(timeout)!;
        GrantIfFree();
        return await waiter.Wait(async, cancellationToken).ConfigureAwait(false) switch
        {
            WaitOutcome.Granted => true,
            WaitOutcome.Canceled => throw new OperationCanceledException(cancellationToken),
            _ => false,
        };
    }

    public void Exit()
    {
        if (_waiters.TryGrant(null))
        {
            return;
        }

        Interlocked.Exchange(ref _held, 0);
        GrantIfFree();
    }

    // Whoever frees the gate looks for waiters after, whoever waits looks for a free gate after: one of them sees.
    private void GrantIfFree()
    {
        while (_waiters.Count > 0 && Interlocked.CompareExchange(ref _held, 1, 0) == 0)
        {
            if (_waiters.TryGrant(null))
            {
                return;
            }

            Interlocked.Exchange(ref _held, 0);
        }
    }
}
