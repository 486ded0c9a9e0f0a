using System.Diagnostics;
using System.Globalization;

namespace Pool.Sqlite.Writing;

/// <summary>
/// One holding of a write gate beyond a single statement, by a transaction or a writer lease, and the flow of control,
/// synchronous or asynchronous, that it belongs to. Such a flow must not wait for the gate, nor for a lease behind
/// those who wait for the gate: it would wait for itself.
/// </summary>
/// <remarks>
/// <para>
/// The mark travels with the execution context: it is seen by what its flow calls and awaits. It is set in the
/// synchronous part of a call, since what an asynchronous method sets its caller does not see; where a helper has begun
/// the transaction, the flow gets the mark with its next statement on that connection. Each holding has a mark of its
/// own, so that a flow which inherited the mark of an earlier one is not taken for the holder of a later one.
/// </para>
/// <para>
/// A task that the holder starts (<c>Task.Run</c>) runs beside it and can wait for the gate like any other: it loses
/// the mark as it starts. An item of the write queue is synchronous, and a task that it starts is either waited for or
/// outlives it: that mark stays, and counts only as long as the item runs.
/// </para>
/// </remarks>
internal sealed class AmbientWriteGate
{
    private const int Prepared = 0;
    private const int Held = 1;
    private const int Ended = 2;
    private const int LongestSql = 200;

    private static readonly AsyncLocal<AmbientWriteGate?> Current = new(OnChanged);

    // The holding whose connection was last used on this thread: all that is left where a helper lost the mark.
    [ThreadStatic]
    private static AmbientWriteGate? _lastUsedHere;

    private readonly AmbientWriteGate? _outer;
    private readonly int? _taskId = Task.CurrentId;
    private readonly bool _bindsTasks;
    private WriteGate? _gate;
    private int _state;
    private long _leaseId;
    private long _since;
    private string? _sql;
    private long _uses;

    private AmbientWriteGate(AmbientWriteGate? outer, bool bindsTasks)
    {
        _outer = outer;
        _bindsTasks = bindsTasks;
    }

    /// <summary>
    /// True when the current flow holds a gate, or this thread was the last to use a connection that does. For what
    /// does no harm where it is not certain.
    /// </summary>
    public static bool MayHoldGate => Innermost(Current.Value) is not null || _lastUsedHere is { IsHeld: true };

    /// <summary>As <see cref="MayHoldGate"/>, of one gate: another database's is no reason to do anything.</summary>
    public static bool MayHold(WriteGate gate) =>
        HolderOf(gate) is not null || (_lastUsedHere is { IsHeld: true } last && last._gate == gate);

    /// <summary>Counts the statements on the connection that holds the gate.</summary>
    public long Uses => Volatile.Read(ref _uses);

    /// <summary>True while the gate is held by it, in the flow that holds it and in what that has started.</summary>
    public bool IsOfCurrentFlow
    {
        get
        {
            AmbientWriteGate? mark = Innermost(Current.Value);
            while (mark is not null && mark != this)
            {
                mark = Innermost(mark._outer);
            }

            return mark is not null;
        }
    }

    private bool IsHeld => Volatile.Read(ref _state) == Held;

    /// <summary>How the current flow holds this gate; null when it does not.</summary>
    public static AmbientWriteGate? HolderOf(WriteGate gate)
    {
        AmbientWriteGate? mark = Innermost(Current.Value);
        while (mark is not null && mark._gate != gate)
        {
            mark = Innermost(mark._outer);
        }

        return mark;
    }

    /// <summary>
    /// The mark that the current flow will hold a gate by; to be ended when it does not come to that.
    /// </summary>
    /// <param name="bindsTasks">True when tasks that the flow starts keep the mark.</param>
    public static AmbientWriteGate Prepare(bool bindsTasks = false)
    {
        if (Current.Value is { } prepared && Volatile.Read(ref prepared._state) == Prepared)
        {
            return prepared;
        }

        return Current.Value = new AmbientWriteGate(Innermost(Current.Value), bindsTasks);
    }

    /// <summary>From here on the flow holds the gate.</summary>
    public void Enter(WriteGate gate, long leaseId)
    {
        _gate = gate;
        _leaseId = leaseId;
        _since = Stopwatch.GetTimestamp();
        Volatile.Write(ref _state, Held);
        gate.Holder = _lastUsedHere = this;
    }

    /// <summary>
    /// The connection that holds the gate is used by the current flow, which has the mark from now on.
    /// </summary>
    /// <param name="sql">The statement that it runs, for messages.</param>
    public void Adopt(string? sql)
    {
        _sql = sql ?? _sql;
        Volatile.Write(ref _uses, _uses + 1);
        _lastUsedHere = this;
        if (Current.Value != this && HolderOf(_gate!) != this)
        {
            Current.Value = this;
        }
    }

    public void Leave()
    {
        Volatile.Write(ref _state, Ended);
        if (_gate is not null)
        {
            _gate.Holder = null;
        }

        if (_lastUsedHere == this)
        {
            _lastUsedHere = null;
        }

        if (Current.Value == this)
        {
            Current.Value = Innermost(_outer);
        }
    }

    /// <summary>The wait is over: a mark that has not come to hold the gate never will.</summary>
    public void EndUnlessHeld() => Interlocked.CompareExchange(ref _state, Ended, Prepared);

    /// <summary>
    /// Watches the holder while something that its own flow has begun waits for the gate. It may be meant to run after
    /// the transaction, not awaited before; a flow that awaits it does nothing else.
    /// </summary>
    /// <returns>
    /// True when the holder does nothing any more, false when the wait is over or the gate is let go.
    /// </returns>
    public async Task<bool> StopsBefore(Task wait)
    {
        for (; ; )
        {
            long uses = Uses;
            await Task.WhenAny(wait, Task.Delay(_gate!.PatienceWithHolder)).ConfigureAwait(false);
            if (wait.IsCompleted || !IsHeld)
            {
                return false;
            }

            if (uses == Uses)
            {
                return true;
            }
        }
    }

    /// <summary>Which lease, since when, and what it ran last.</summary>
    public override string ToString()
    {
        string seconds = Stopwatch.GetElapsedTime(_since).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        string sql = _sql is not { } text
            ? ""
            : $", its last statement: {(text.Length <= LongestSql ? text : string.Concat(text.AsSpan(0, LongestSql), "…"))}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"lease {_leaseId >> 32}-{_leaseId & uint.MaxValue}, for {seconds} s{sql}"
        );
    }

    private static AmbientWriteGate? Innermost(AmbientWriteGate? mark)
    {
        while (mark is { IsHeld: false })
        {
            mark = mark._outer;
        }

        return mark;
    }

    // The beginning of a task is the only thing that inherits a context and has a task's identity: the continuation of
    // an await has none.
    private static void OnChanged(AsyncLocalValueChangedArgs<AmbientWriteGate?> change)
    {
        if (
            change.ThreadContextChanged
            && change.CurrentValue is { _bindsTasks: false } mark
            && Task.CurrentId is { } task
            && task != mark._taskId
        )
        {
            Current.Value = null;
        }
    }
}
