using System.Runtime.CompilerServices;

namespace Pool.Sqlite;

/// <summary>How an attempt to begin a use of a connection ended.</summary>
internal enum UseAttempt
{
    /// <summary>The use has begun; <see cref="UseGuard.Exit"/> ends it.</summary>
    Entered,

    /// <summary>
    /// The same thread is in the middle of a use already (a function called by SQLite): this one is a part of that.
    /// </summary>
    Nested,

    /// <summary>Another thread uses the connection.</summary>
    InUse,

    /// <summary>The connection is closed, or on its way there.</summary>
    Closed,
}

/// <summary>
/// The life of one connection object in one number, so that every change is one interlocked operation:
/// <code>
/// Closed ── TryBeginOpen ──> Opening ── EndOpen ──> Open &lt;── TryEnter, Exit ──> used by one thread
///   ^                           └── EndOpen (failed) ──> Closed                     │ TryClose
///   └── EndClose ── Closing &lt;── TryClose (from Open), Exit (of the last use) ── used, closed
/// </code>
/// </summary>
/// <remarks>
/// Exactly one caller moves the state to Closing. That caller owns the entry: it returns the entry, and then publishes
/// Closed. The connection cannot be opened before that, so a second return never meets the entry of the next lease. A
/// test runs every interleaving of open, close, dispose, finalizer and execution.
/// </remarks>
internal struct UseGuard
{
    private const int Open = 0;

    // The lower bits hold the id of the thread that uses the connection.
    private const int Closed = 1 << 30;
    private const int Opening = Closed | (1 << 29);
    private const int Closing = Closed | (1 << 28);
    private int _state;
    private int _opens;

    private UseGuard(int state) => _state = state;

    public static UseGuard ClosedGuard => new(Closed);

    /// <summary>
    /// How often it has been opened. (Here, where it fills what alignment would leave empty in a lease.)
    /// </summary>
    public readonly int Opens => Volatile.Read(in _opens);

    /// <summary>True unless it is open: also while it is being opened or closed.</summary>
    public readonly bool IsClosed => (Volatile.Read(in _state) & Closed) != 0;

    /// <summary>Begins a use by a thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UseAttempt TryEnter(int thread)
    {
        int was = Interlocked.CompareExchange(ref _state, thread, Open);
        return was == Open ? UseAttempt.Entered
            : was == thread ? UseAttempt.Nested
            : (was & Closed) != 0 ? UseAttempt.Closed
            : UseAttempt.InUse;
    }

    /// <summary>
    /// Ends a use. True when the connection was closed meanwhile: then the caller returns the lease, and calls
    /// <see cref="EndClose"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Exit()
    {
        int used = _state;
        if ((used & Closed) == 0 && Interlocked.CompareExchange(ref _state, Open, used) == used)
        {
            return false;
        }

        // It was closed during the use, and only the thread that uses it can change such a state.
        Volatile.Write(ref _state, Closing);
        return true;
    }

    /// <summary>To be called by the thread that opens, before <see cref="EndOpen"/>.</summary>
    public void CountOpen() => _opens++;

    /// <summary>
    /// Begins what only a closed connection allows: opening it, or changing what it opens. <see cref="EndOpen"/> ends
    /// it.
    /// </summary>
    /// <returns>False when it is open.</returns>
    /// <exception cref="InvalidOperationException">
    /// It is being opened already, or the return is not finished.
    /// </exception>
    public bool TryBeginOpen()
    {
        int was = Interlocked.CompareExchange(ref _state, Opening, Closed);
        return was == Closed
            || (
                (was & Closed) == 0
                    ? false
                    : throw new InvalidOperationException(
                        "This connection is being opened or closed at this moment, by another call. Await each operation before the next one."
                    )
            );
    }

    // Exchanged, not written: what is looked at next, such as whether it was disposed meanwhile, must not be looked at
    // before.
    public void EndOpen(bool isOpen) => Interlocked.Exchange(ref _state, isOpen ? Open : Closed);

    /// <summary>
    /// Closes. True when the caller is to return the lease and call <see cref="EndClose"/>; false when it was closed
    /// already, or the thread that uses it will do so.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClose()
    {
        int was = Interlocked.CompareExchange(ref _state, Closing, Open);
        return was == Open || TryCloseInUse(was);
    }

    /// <summary>The lease is back: the connection can be opened again.</summary>
    public void EndClose() => Volatile.Write(ref _state, Closed);

    private bool TryCloseInUse(int was)
    {
        while ((was & Closed) == 0)
        {
            int seen = Interlocked.CompareExchange(ref _state, was == Open ? Closing : was | Closed, was);
            if (seen == was)
            {
                return was == Open;
            }

            was = seen;
        }

        return false;
    }
}
