using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Chaos;

/// <summary>The writes of a round and what became of them, to be compared with what is in the database.</summary>
internal sealed class Ledger
{
    public const string Schema =
        "create table ledger(tx integer not null, part integer not null, parts integer not null, filler blob); "
        + "create index ledger_tx on ledger(tx)";

    public const string Insert =
        "insert into ledger(tx, part, parts, filler) values ($tx, $part, $parts, zeroblob($size))";

    private readonly ConcurrentDictionary<long, Fate> _fates = new();
    private readonly ConcurrentDictionary<long, int> _beganAt = new();
    private readonly long[] _recent = new long[64];
    private long _last;
    private int _at;
    private int _restoreSteps;
    private int _restores;

    /// <summary>How many were acknowledged.</summary>
    public int Acknowledged => _fates.Count(static pair => pair.Value == Fate.Acknowledged);

    public int Begun => _fates.Count;

    /// <summary>The number of a new write.</summary>
    public long Begin()
    {
        long tx = Interlocked.Increment(ref _last);
        _beganAt[tx] = Volatile.Read(ref _restoreSteps);
        _fates[tx] = Fate.Unknown;
        return tx;
    }

    /// <summary>
    /// A write in one piece. What was never lent a connection, or met a lock to the end, is not stored; what fails
    /// otherwise may be.
    /// </summary>
    /// <param name="write">Writes what has this number.</param>
    /// <param name="cancels">True when one that ends as cancelled must not be stored either.</param>
    public async Task Store(Func<long, Task> write, bool cancels = false)
    {
        long tx = Begin();
        try
        {
            await write(tx);
        }
        catch (Exception e)
            when (e is SqlitePoolTimeoutException or SqliteException { SqliteErrorCode: raw.SQLITE_BUSY }
                || (cancels && e is OperationCanceledException)
            )
        {
            Refuse(tx);
            throw;
        }

        Acknowledge(tx);
    }

    /// <summary>
    /// The database is being brought back to what it is at this moment or later, until this is disposed: a write that
    /// runs meanwhile may be undone, though it was acknowledged. What was acknowledged before stays.
    /// </summary>
    public IDisposable BeginRestore()
    {
        Interlocked.Increment(ref _restores);
        Interlocked.Increment(ref _restoreSteps);
        return new Restore(this);
    }

    /// <summary>It is stored, unless a restore ran beside it.</summary>
    public void Acknowledge(long tx)
    {
        if (Volatile.Read(ref _restores) > 0 || Volatile.Read(ref _restoreSteps) != _beganAt[tx])
        {
            return;
        }

        _fates[tx] = Fate.Acknowledged;
        Volatile.Write(ref _recent[Interlocked.Increment(ref _at) & (_recent.Length - 1)], tx);
    }

    public void Refuse(long tx) => _fates[tx] = Fate.Refused;

    /// <summary>A write that was acknowledged before this call; zero when there is none.</summary>
    public long AnyAcknowledged(Random random) => Volatile.Read(ref _recent[random.Next(_recent.Length)]);

    /// <summary>Every write that was acknowledged before this call.</summary>
    public long[] AllAcknowledged() =>
        [.. _fates.Where(static pair => pair.Value == Fate.Acknowledged).Select(static pair => pair.Key)];

    /// <summary>Compares with what another connection finds in the file.</summary>
    public void Compare(SqliteConnection connection, Faults faults, string where)
    {
        Dictionary<long, (long Parts, long Count)> stored = [];
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "select tx, max(parts), count(*), count(distinct part) from ledger group by tx";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            stored[reader.GetInt64(0)] = (reader.GetInt64(1), reader.GetInt64(2));
            faults.Check(
                reader.GetInt64(1) == reader.GetInt64(2) && reader.GetInt64(2) == reader.GetInt64(3),
                $"{where}: of write {reader.GetInt64(0)} {reader.GetInt64(2)} parts of {reader.GetInt64(1)} are there"
            );
        }

        foreach ((long tx, Fate fate) in _fates)
        {
            bool isThere = stored.Remove(tx);
            faults.Check(isThere || fate != Fate.Acknowledged, $"{where}: the acknowledged write {tx} is not there");
            faults.Check(
                !isThere || fate != Fate.Refused,
                $"{where}: the write {tx} is there, but was refused or rolled back"
            );
        }

        faults.Check(stored.Count == 0, $"{where}: {stored.Count} writes are there that were never begun");
    }

    private sealed class Restore(Ledger ledger) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Increment(ref ledger._restoreSteps);
            Interlocked.Decrement(ref ledger._restores);
        }
    }
}
