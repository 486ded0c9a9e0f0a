using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite;

/// <content>Noting and reporting what is wanted by those who look, and nothing while nobody does.</content>
public sealed partial class SqlitePool
{
    private readonly DurationHistogram _writeGateWaits = new();
    private readonly double _secondsPerTick;
    private int _writeGateWaiting;

    /// <summary>A wait for the write gate begins; it ends when this is disposed, whether the gate was had or not.</summary>
    internal GateWait BeginGateWait()
    {
        Interlocked.Increment(ref _writeGateWaiting);
        return new GateWait(this, _time.GetTimestamp());
    }

    /// <summary>Enters the write gate in turn, and notes the wait if there is one. False when the time was up first.</summary>
    private async ValueTask<bool> EnterGate(
        WriteGate gate, bool async, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (gate.TryEnter())
        {
            return true;
        }

        using (BeginGateWait())
        {
            return await gate.Enter(async, timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    // Who waits for the pool's one writer connection waits for the write gate: somebody is inside with it.
    private int WriteGateWaiting =>
        Volatile.Read(ref _writeGateWaiting) + (IsPrivateMemory ? 0 : _writers.Count().Waiting);

    private void WriterWaited(TimeSpan waited, WaitOutcome outcome)
    {
        WriteGateWaited(waited);
        _tracing.RentWaited(waited, NameOf(outcome), outcome == WaitOutcome.Granted);
    }

    private void WriteGateWaited(TimeSpan waited)
    {
        _writeGateWaits.Record(waited);
        _metrics.RecordWriteGateWait(waited);
        if (IsSlow(waited))
        {
            _log.Writing.SlowWriteGate(Name, Milliseconds(waited), WriteGateWaiting);
        }
    }

    private void RentWaited(TimeSpan waited, WaitOutcome outcome)
    {
        if (outcome is WaitOutcome.Granted or WaitOutcome.TimedOut)
        {
            _metrics.RecordWait(waited);
        }

        _tracing.RentWaited(waited, NameOf(outcome), outcome == WaitOutcome.Granted);
        if (outcome == WaitOutcome.TimedOut)
        {
            LeaseCounts counts = _leases.Count();
            _log.Leasing.RentTimedOut(Name, Milliseconds(waited), counts.InUse, PoolSize + MaxOverflow, counts.Waiting);
        }
        else if (outcome == WaitOutcome.Granted && IsSlow(waited))
        {
            LeaseCounts counts = _leases.Count();
            _log.Leasing.SlowRent(Name, Milliseconds(waited), counts.InUse, PoolSize + MaxOverflow, counts.Waiting);
        }
    }

    /// <summary>
    /// At the beginning of each of the housekeeper's rounds: whether anything is to be noted at each rent and return. A
    /// listener to the time of use is seen within a round, so that the fast path need not ask.
    /// </summary>
    private void BeginRound()
    {
        bool watches = _notesEveryRent || PoolMetrics.WantsUseTime;
        _watchesRents = watches;
        _watchesReturns = watches || _cleansEveryReturn;
        foreach (LeasePool<PhysicalConnection> pool in _all)
        {
            foreach (PhysicalConnection connection in pool.Values)
            {
                connection.WantsCacheLook = true;
            }
        }
    }

    private void Note(PoolEntry<PhysicalConnection> item, RentSite? site)
    {
        if (_watchesRents)
        {
            item.Value.Notes.Rented(item.Rents, _time.GetTimestamp(), site);
        }
    }

    /// <summary>What a return has to look after, when its lease has done anything or somebody watches.</summary>
    private RetireReason LookBack(PoolEntry<PhysicalConnection> item)
    {
        PhysicalConnection connection = item.Value;
        if (_watchesReturns)
        {
            long rent = item.Rents;
            if (connection.Notes.RentedAt(rent) is { } rentedAt)
            {
                double seconds = (_time.GetTimestamp() - rentedAt) * _secondsPerTick;
                _metrics.RecordUse(seconds);
                if (connection.Notes.WasReported(rent))
                {
                    _log.Leasing.LeaseCameBack(Name, SqlitePoolConnection.NameOf(item), Math.Round(seconds, 1));
                }
            }
        }

        return connection.IsTouched || _cleansEveryReturn ? _source.Clean(item) : RetireReason.None;
    }

    /// <summary>A wait for the write gate that is going on.</summary>
    internal readonly struct GateWait(SqlitePool pool, long start) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref pool._writeGateWaiting);
            pool.WriteGateWaited(pool._time.GetElapsedTime(start));
        }
    }

    private bool IsSlow(TimeSpan waited) => _options.SlowThreshold != Timeout.InfiniteTimeSpan && waited >= _options.SlowThreshold;

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds);

    private static string NameOf(WaitOutcome outcome) => outcome switch
    {
        WaitOutcome.Granted => "served",
        WaitOutcome.TimedOut => "timeout",
        WaitOutcome.Canceled => "cancelled",
        _ => "closed",
    };
}
