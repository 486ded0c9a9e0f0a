using System.Collections.Concurrent;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Writing;

/// <summary>
/// The right to write to one database file, for this process: SQLite lets one write at a time, and it is better to
/// queue here, in order and without blocking, than there.
/// </summary>
#pragma warning disable CA1001 // Its queue has a timer only while there are waiters, and they keep it alive.
internal sealed class WriteGate
#pragma warning restore CA1001
{
    private static readonly ConcurrentDictionary<string, WeakReference<WriteGate>> Gates = new(StringComparer.Ordinal);

    // How long who leaves goes on for those who wait: their statements are short, and its own caller waits as well.
    private const int MillisecondsForOthers = 5;

    private readonly string? _key;
    private readonly WeakReference<WriteGate>? _entry;
    private readonly WaiterQueue<object> _waiters = new(TimeProvider.System, Timeout.InfiniteTimeSpan, int.MaxValue);
    private int _held;
    private Action? _beforeNext;
    private long _entries;

    // Of the combined write that the holder is running.
    private const int NoCombinedWrite = 0;
    private const int CombinedWriteIsInside = 1;
    private const int CombinedWriteHasLeft = 2;
    private int _combinedWrite;
    private string? _journalMode;
    private AmbientWriteGate? _holder;
    private GroupCommit? _groupCommit;

    /// <summary>The gate of a database that one connection alone sees.</summary>
    public WriteGate() => GC.SuppressFinalize(this);

    private WriteGate(string key)
    {
        _key = key;
        _entry = new WeakReference<WriteGate>(this);
    }

    /// <summary>Removes the gate of a database that is no longer open from the table.</summary>
    ~WriteGate() => Gates.TryRemove(new KeyValuePair<string, WeakReference<WriteGate>>(_key!, _entry!));

    /// <summary>Whether the process has the gate of a shared memory database, for tests.</summary>
    public static bool IsKnown(string memoryName) => Gates.ContainsKey(KeyOfMemory(memoryName));

    /// <summary>
    /// Held while a connection to the database closes: of two that do at the same moment SQLite takes neither for the
    /// last, since each finds the lock of the other, and leaves the WAL.
    /// </summary>
    public Lock Closing { get; } = new();

    /// <summary>
    /// How long its holder may do nothing while something that its own flow has begun waits for it; tests set it.
    /// </summary>
    public TimeSpan PatienceWithHolder { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What <c>PRAGMA journal_mode</c> was last set to in this process; written inside the gate.</summary>
    public string? JournalMode
    {
        get => Volatile.Read(ref _journalMode);
        set => Volatile.Write(ref _journalMode, value);
    }

    /// <summary>How the gate is held, where that is for longer than one statement.</summary>
    public AmbientWriteGate? Holder
    {
        get => Volatile.Read(ref _holder);
        set => Volatile.Write(ref _holder, value);
    }

    /// <summary>How many went in so far.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>How many wait.</summary>
    public int Waiting => _waiters.Count;

    /// <summary>
    /// The gate of a database file, the same for every pool in the process and every name of the file.
    /// </summary>
    /// <param name="file">Its full path, as SQLite itself resolves it.</param>
    public static WriteGate ForFile(string file) => For(FileIdentity.KeyOf(file));

    /// <summary>The gate of a shared memory database.</summary>
    /// <param name="name">The name that its connections share it by.</param>
    public static WriteGate ForMemory(string name) => For(KeyOfMemory(name));

    private static string KeyOfMemory(string name) => $"memory:{name}";

    private static WriteGate For(string key)
    {
        WriteGate? fresh = null;
        for (; ; )
        {
            fresh ??= new WriteGate(key);
            WeakReference<WriteGate> known = Gates.GetOrAdd(key, static (_, gate) => gate._entry!, fresh);
            if (known.TryGetTarget(out WriteGate? gate))
            {
                return gate;
            }

            Gates.TryRemove(new KeyValuePair<string, WeakReference<WriteGate>>(key, known));
        }
    }

    /// <summary>What makes the commits of this database durable.</summary>
    /// <param name="file">
    /// Its full path, as SQLite itself resolves it: by a hard link it would have another WAL.
    /// </param>
    /// <param name="flush">See <see cref="WalSyncer"/>; for the first that asks.</param>
    public GroupCommit GroupCommitOf(string file, Action? flush = null)
    {
        string wal = file + "-wal";
        GroupCommit known =
            Volatile.Read(ref _groupCommit)
            ?? Interlocked.CompareExchange(ref _groupCommit, new GroupCommit(new WalSyncer(wal, flush)), null)
            ?? _groupCommit!;
        return known.Wal?.Path == wal ? known : new GroupCommit(new WalSyncer(wal));
    }

    /// <summary>Enters when it is free and there is no waiter.</summary>
    public bool TryEnter()
    {
        if (_waiters.WaiterSignal != 0 || Interlocked.CompareExchange(ref _held, 1, 0) != 0)
        {
            return false;
        }

        NoteEntry();
        return true;
    }

    /// <summary>
    /// Has something called once, before the next one goes in. False when something else is to be called already.
    /// </summary>
    public bool TryCallBeforeNext(Action call) => Interlocked.CompareExchange(ref _beforeNext, call, null) is null;

    /// <summary>Takes back <see cref="TryCallBeforeNext"/>.</summary>
    public void DoNotCall(Action call) => Interlocked.CompareExchange(ref _beforeNext, null, call);

    /// <summary>Enters in turn. False when the time was up first.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async ValueTask<bool> Enter(bool async, TimeSpan timeout, CancellationToken cancellationToken) =>
        await Enter(null, async, timeout, cancellationToken).ConfigureAwait(false) == WaitOutcome.Granted;

    /// <summary>Enters in turn, or has a combined write run in turn by the holder that leaves.</summary>
    /// <param name="combinedWrite">
    /// It is run inside, does one short thing and leaves; or it stays inside, for who waited to go on. It must not
    /// throw.
    /// </param>
    /// <param name="async">Whether the wait may be asynchronous.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Granted, served or timed out.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async ValueTask<WaitOutcome> Enter(
        Action? combinedWrite,
        bool async,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryEnter())
        {
            return WaitOutcome.Granted;
        }

        AmbientWriteGate? holder = AmbientWriteGate.HolderOf(this);
        if (holder is not null && !async)
        {
            throw Reentrant(holder);
        }

        if (timeout == TimeSpan.Zero)
        {
            return WaitOutcome.TimedOut;
        }

        Waiter<object> waiter = _waiters.TryEnqueue(timeout, combinedWrite: combinedWrite)!;
        GrantIfFree();
        if (holder is not null)
        {
            _ = RefuseIfHolderStops(waiter, holder);
        }

        return await waiter.Wait(async, cancellationToken).ConfigureAwait(false) switch
        {
            WaitOutcome.Canceled => throw new OperationCanceledException(cancellationToken),
            WaitOutcome.Refused => throw Reentrant(holder!),
            WaitOutcome outcome => outcome,
        };
    }

    /// <summary>Refuses a flow of control that would wait for itself.</summary>
    /// <exception cref="InvalidOperationException">The current flow holds the gate.</exception>
    public void ThrowIfHeldByFlow()
    {
        if (AmbientWriteGate.HolderOf(this) is { } holder)
        {
            throw Reentrant(holder);
        }
    }

    private async Task RefuseIfHolderStops(Waiter<object> waiter, AmbientWriteGate holder)
    {
        if (await holder.StopsBefore(waiter.Task).ConfigureAwait(false))
        {
            _waiters.Withdraw(waiter, WaitOutcome.Refused);
        }
    }

    public static InvalidOperationException Reentrant(AmbientWriteGate holder) =>
        new(
            $"This code holds the right to write already ({holder}), and asked for it again: it would wait for itself. Use the "
                + "connection that holds it (the one that began the transaction, or that WriteAsync, RentWriter or the write queue gave "
                + "you) for everything that belongs together; for the rest, wait until it is committed or returned."
        );

    public void Exit()
    {
        // Its lease can go back, on another thread, at the moment at which the holder leaves the gate to it.
        if (
            Volatile.Read(ref _combinedWrite) == CombinedWriteIsInside
            && Interlocked.CompareExchange(ref _combinedWrite, CombinedWriteHasLeft, CombinedWriteIsInside)
                == CombinedWriteIsInside
        )
        {
            return;
        }

        if (!RunCombinedWrites() || TryGrant())
        {
            return;
        }

        Interlocked.Exchange(ref _held, 0);
        GrantIfFree();
    }

    /// <summary>
    /// Does what others wait to do, in their order: waking a thread for each takes longer than a short write.
    /// </summary>
    /// <returns>False when one of them is inside now.</returns>
    private bool RunCombinedWrites()
    {
        long end = Environment.TickCount64 + MillisecondsForOthers;
        while (Environment.TickCount64 < end && _waiters.TryTakeCombinedWrite() is { } waiter)
        {
            NoteEntry();
            Volatile.Write(ref _combinedWrite, CombinedWriteIsInside);
            waiter.CombinedWrite!();
            bool stays = Interlocked.Exchange(ref _combinedWrite, NoCombinedWrite) == CombinedWriteIsInside;
            waiter.SetResult(WaitOutcome.Served);
            if (stays)
            {
                return false;
            }
        }

        return true;
    }

    // The holder frees the gate and then looks for waiters; a waiter queues and then looks for a free gate: one sees
    // the other.
    private void GrantIfFree()
    {
        while (_waiters.Count > 0 && Interlocked.CompareExchange(ref _held, 1, 0) == 0)
        {
            if (TryGrant())
            {
                return;
            }

            Interlocked.Exchange(ref _held, 0);
        }
    }

    private bool TryGrant()
    {
        if (_waiters.Count == 0)
        {
            return false;
        }

        NoteEntry();
        return _waiters.TryGrant(null);
    }

    private void NoteEntry()
    {
        _entries++;
        if (_beforeNext is not null)
        {
            Interlocked.Exchange(ref _beforeNext, null)?.Invoke();
        }
    }
}
