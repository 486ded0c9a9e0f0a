using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Keeps SQLite's lock for reading on behalf of all connections of this process, while there are many reads and no
/// writes. Each read outside a transaction takes that lock and lets it go, which is two calls of the operating system
/// and most of the cost of a short one; where another connection of the process has it already, SQLite spares both.
/// </summary>
/// <remarks>
/// A lock that is kept keeps what the WAL holds from being moved into the file. So it is only taken when there is
/// nothing to be moved, let go before the next write of this process, and looked at anew in every round of the
/// housekeeper, so that another process that writes meets it for one round at the most.
/// </remarks>
internal sealed class SharedLockKeeper : IDisposable
{
    // Below that, the calls are not what a program waits for.
    private const long ManyRents = 1_000;
    private const int RoundsOfRest = 60;

    private const int Free = 0;
    private const int Held = 1;
    private const int InUse = 2;
    private const int Unwanted = 3;

    private readonly string _connectionString;
    private readonly Action _letGo;
    private int _state;
    private int _suspensions;

    // These belong to the thread that has set the state to InUse.
    private SqliteConnection? _connection;
    private WriteGate? _gate;
    private string? _version;
    private long _rents;
    private long _entries;
    private int _rest;

    private SharedLockKeeper(DatabaseTarget target)
    {
        _connectionString = target.OpenString;
        _letGo = LetGo;
    }

    /// <summary>Null where there is no such lock: outside WAL mode.</summary>
    public static SharedLockKeeper? For(DatabaseTarget target, SqlitePragmas pragmas) =>
        target.Kind == DatabaseKind.File
        && !target.IsReadOnly
        && pragmas.JournalMode == JournalMode.Wal
        && !pragmas.Additional.ContainsKey("locking_mode")
            ? new SharedLockKeeper(target)
            : null;

    /// <summary>A round of the housekeeper.</summary>
    /// <param name="rents">How many leases the pool has lent so far.</param>
    public void Look(long rents)
    {
        if (!TryUse(out bool isHeld))
        {
            return;
        }

        WriteGate? entered = null;
        try
        {
            isHeld = Decide(isHeld, rents, ref entered);
        }
        catch (SqliteException)
        {
            // Whatever is in the way: it does without.
            isHeld = false;
            _rest = RoundsOfRest;
        }
        finally
        {
            EndUse(isHeld);

            // Last: leaving the gate may run the writes of others.
            entered?.Exit();
        }
    }

    /// <summary>Closes its handle on the file, until <see cref="Resume"/>.</summary>
    public void Suspend()
    {
        Interlocked.Increment(ref _suspensions);
        SpinWait.SpinUntil(() => TryUse(out _));
        End();
        if (_connection is not null)
        {
            lock (_gate!.Closing)
            {
                _connection.Dispose();
            }

            _connection = null;
        }

        Volatile.Write(ref _state, Free);
    }

    public void Resume() => Interlocked.Decrement(ref _suspensions);

    public void Dispose() => Suspend();

    private bool Decide(bool isHeld, long rents, ref WriteGate? entered)
    {
        long entries = _gate?.Entries ?? 0;
        bool isWorthIt = rents - _rents >= ManyRents && entries == _entries;
        _rents = rents;
        _entries = entries;
        if (Volatile.Read(ref _suspensions) > 0 || (_rest > 0 && --_rest > 0) || !isWorthIt)
        {
            return false;
        }

        return isHeld ? Renew() : TryHold(ref entered);
    }

    private bool TryHold(ref WriteGate? entered)
    {
        Open();
        if (!_gate!.TryEnter())
        {
            return false;
        }

        entered = _gate;
        _entries = _gate.Entries;

        // With nothing left to be moved it is the lock on the file alone, which does not keep others from writing to
        // the WAL.
        int result = raw.sqlite3_wal_checkpoint_v2(
            _connection!.Handle,
            "main",
            raw.SQLITE_CHECKPOINT_PASSIVE,
            out int frames,
            out int moved
        );
        if (result != raw.SQLITE_OK || frames < 0 || frames != moved)
        {
            return false;
        }

        _version = Begin();
        return _gate.TryCallBeforeNext(_letGo);
    }

    // Another process that has written since has something to be moved by now: it goes first, for a while.
    private bool Renew()
    {
        NativeSql.Scalar(_connection!.Handle!, "ROLLBACK");
        bool isSame = Begin() == _version;
        bool isOwn = _gate!.Entries != _entries;
        _rest = isSame || isOwn ? 0 : RoundsOfRest;
        return isSame;
    }

    private string? Begin()
    {
        NativeSql.Scalar(_connection!.Handle!, "BEGIN");
        return NativeSql.Scalar(_connection.Handle!, "PRAGMA data_version");
    }

    // A write is about to begin. Where the housekeeper is at it at this moment, that lets go when it is done.
    private void LetGo()
    {
        for (; ; )
        {
            switch (Volatile.Read(ref _state))
            {
                case Held when Interlocked.CompareExchange(ref _state, InUse, Held) == Held:
                    EndUse(isHeld: false);
                    return;
                case InUse when Interlocked.CompareExchange(ref _state, Unwanted, InUse) == InUse:
                case Free or Unwanted:
                    return;
            }
        }
    }

    private bool TryUse(out bool isHeld)
    {
        isHeld = Interlocked.CompareExchange(ref _state, InUse, Held) == Held;
        return isHeld || Interlocked.CompareExchange(ref _state, InUse, Free) == Free;
    }

    private void EndUse(bool isHeld)
    {
        if (!isHeld || Interlocked.CompareExchange(ref _state, Held, InUse) != InUse)
        {
            End();
            Volatile.Write(ref _state, Free);
        }
    }

    private void End()
    {
        _gate?.DoNotCall(_letGo);
        if (_connection is { } connection && raw.sqlite3_get_autocommit(connection.Handle) == 0)
        {
            NativeSql.Try(connection.Handle!, "ROLLBACK");
        }
    }

    private void Open()
    {
        if (_connection is null)
        {
            SqliteConnection connection = new(_connectionString);
            try
            {
                CheckpointOnClose.OpenWithout(connection);
                _ = raw.sqlite3_busy_timeout(connection.Handle, 0);

                // Before the first read it does not know of the WAL.
                NativeSql.Scalar(connection.Handle!, "PRAGMA schema_version");
                CheckpointOnClose.Allow(connection.Handle!);
                _gate = WriteGate.ForFile(raw.sqlite3_db_filename(connection.Handle, "main").utf8_to_string());
            }
            catch
            {
                connection.Dispose();
                throw;
            }

            _connection = connection;
        }
    }
}
