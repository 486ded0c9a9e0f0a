namespace Pool.Sqlite.WriteQueue;

/// <summary>
/// One caller's write. It waits, runs (again, if its batch could not be committed), and is settled once, by
/// the first of the loop, the caller's token and the close.
/// </summary>
internal abstract class WriteItem(WriteCounters counters)
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int Settled = 2;
    private int _state;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;

    /// <summary>False for what only marks a place in the queue.</summary>
    public virtual bool Writes => true;

    /// <summary>True when it runs inside another item: it is a part of that.</summary>
    public bool IsNested { get; set; }

    /// <summary>When it came; a timestamp.</summary>
    public long ArrivedAt { get; set; }

    public CancellationToken Token => _token;

    public bool IsSettled => Volatile.Read(ref _state) == Settled;

    /// <summary>True while it has not had its turn.</summary>
    public bool IsWaiting => Volatile.Read(ref _state) == Waiting;

    protected WriteCounters Counters { get; } = counters;

    private bool IsCounted => Writes && !IsNested;

    /// <summary>To be called before anybody else knows of the item.</summary>
    public void CancelWith(CancellationToken token)
    {
        _token = token;
        _registration = token.UnsafeRegister(static item => ((WriteItem)item!).CancelUnlessBegun(), this);
    }

    /// <summary>False when it was cancelled, or failed, before its turn came.</summary>
    public bool TryBegin()
    {
        if (Interlocked.CompareExchange(ref _state, Begun, Waiting) == Settled)
        {
            return false;
        }

        // The second time it runs, the token has not been checked since.
        if (_token.IsCancellationRequested)
        {
            Cancel();
            return false;
        }

        return true;
    }

    public abstract void Run(WriteItemExecutor runner);

    /// <summary>It is stored.</summary>
    public void Succeed()
    {
        if (TrySettle())
        {
            if (IsCounted)
            {
                Counters.NoteSuccess();
            }

            OnSuccess();
        }
    }

    /// <summary>Nothing of it is stored, or the exception says that this is not certain.</summary>
    public void Fail(Exception exception)
    {
        if (exception is OperationCanceledException && _token.IsCancellationRequested)
        {
            Cancel();
        }
        else if (TrySettle())
        {
            if (IsCounted)
            {
                Counters.NoteFailure();
            }

            OnFailure(exception);
        }
    }

    public void Cancel()
    {
        if (TrySettle())
        {
            OnCancelled();
        }
    }

    protected abstract void OnSuccess();

    protected abstract void OnFailure(Exception exception);

    protected abstract void SetCancelled(CancellationToken token);

    private void CancelUnlessBegun()
    {
        if (Interlocked.CompareExchange(ref _state, Settled, Waiting) == Waiting)
        {
            OnCancelled();
        }
    }

    private void OnCancelled()
    {
        if (IsCounted)
        {
            Counters.NoteCancellation();
        }

        SetCancelled(_token);
    }

    private bool TrySettle()
    {
        if (Interlocked.Exchange(ref _state, Settled) == Settled)
        {
            return false;
        }

        _registration.Unregister();
        return true;
    }
}
