using System.Runtime.CompilerServices;

namespace Pool.Sqlite;

/// <summary>
/// The state of a lease in one number: free, in use by one thread, closed, or being opened; in use and closed means that the
/// thread which uses it finishes the return. Each change is one interlocked operation, so a second use at the same time is
/// seen, and a lease goes back exactly once.
/// </summary>
internal struct UseGuard
{
    private const int Free = 0;
    private const int Closed = 1 << 30;
    private const int Opening = Closed | (1 << 29);
    private int _state;

    private UseGuard(int state) => _state = state;

    public static UseGuard ClosedGuard => new(Closed);

    public readonly bool IsClosed => (Volatile.Read(in _state) & Closed) != 0;

    /// <summary>
    /// Begins a use. False when the same thread is in the middle of one already (a function called by SQLite): then
    /// <see cref="Exit"/> is not called for this one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Enter(SqlitePoolConnection connection)
    {
        int was = Interlocked.CompareExchange(ref _state, Environment.CurrentManagedThreadId, Free);
        if (was == Free)
        {
            return true;
        }

        if (was == Environment.CurrentManagedThreadId)
        {
            return false;
        }

        throw (was & Closed) != 0 ? connection.ClosedException() : ConcurrentUse();
    }

    /// <summary>Ends a use. True when the lease was closed meanwhile: then the caller finishes the return.</summary>
    public bool Exit()
    {
        int me = Environment.CurrentManagedThreadId;
        if (Interlocked.CompareExchange(ref _state, Free, me) == me)
        {
            return false;
        }

        Volatile.Write(ref _state, Closed);
        return true;
    }

    /// <summary>Begins to open; <see cref="EndOpen"/> ends it. False when it is open.</summary>
    /// <exception cref="InvalidOperationException">It is being opened already, or the return is not finished.</exception>
    public bool TryBeginOpen()
    {
        int was = Interlocked.CompareExchange(ref _state, Opening, Closed);
        return was == Closed || ((was & Closed) == 0 ? false : throw new InvalidOperationException(
            "This connection is being opened or closed at this moment, by another call. Await each operation before the next one."));
    }

    // Exchanged, not written: what is looked at next, such as whether it was disposed meanwhile, must not be looked at before.
    public void EndOpen(bool isOpen) => Interlocked.Exchange(ref _state, isOpen ? Free : Closed);

    /// <summary>Closes. True when the caller is to return the lease: it was open, and nobody is using it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClose()
    {
        int was = Interlocked.CompareExchange(ref _state, Closed, Free);
        return was == Free || TryCloseInUse(was);
    }

    private bool TryCloseInUse(int was)
    {
        while ((was & Closed) == 0)
        {
            int seen = Interlocked.CompareExchange(ref _state, was == Free ? Closed : was | Closed, was);
            if (seen == was)
            {
                return was == Free;
            }

            was = seen;
        }

        return false;
    }

    private static InvalidOperationException ConcurrentUse() => new(
        "This connection is being used by another thread at this moment. A lease is for one user at a time: rent one "
        + "for each concurrent operation, and await each operation before the next one.");
}
